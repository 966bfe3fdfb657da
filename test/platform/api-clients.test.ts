import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectErrors, tokenWith } from '../api/support.ts';
import { type Answer, type Berth, startBerth } from '../support/berth.ts';
import {
  deploy,
  draftOf,
  previewConnector,
  readLog,
  redeploy,
  reportEntries,
  settle,
  settleDeployment,
  undeploy,
} from '../support/deploy.ts';
import {
  type FakePlatform,
  fakeProjectKey,
  privilegedClient,
  startFakePlatform,
  weakClient,
} from '../support/fake-project-api.ts';
import { createRepository } from '../support/git-repository.ts';
import { tinyConnector } from '../support/tiny-connector.ts';

const variables = [
  'CTP_API_URL',
  'CTP_AUTH_URL',
  'CTP_PROJECT_KEY',
  'CTP_CLIENT_ID',
  'CTP_CLIENT_SECRET',
  'CTP_SCOPE',
  'CTP_CLIENT_SCOPE',
  'CTP_CLIENT_REGION',
  'CTP_REGION',
];

function connectorWith(scopes: readonly string[] | undefined) {
  const postDeploy = 'node print.cjs';
  const print = `for (const name of ${JSON.stringify(variables)}) console.log(name + ' is ' + process.env[name]?.length);`;
  return tinyConnector(
    { app: { spec: { scripts: { postDeploy } }, files: { 'print.cjs': print } } },
    scopes === undefined ? undefined : { apiClient: { scopes } },
  );
}

function platformOf(platform: FakePlatform, client = privilegedClient) {
  return {
    BERTH_PLATFORM_API_URL: platform.url,
    BERTH_PLATFORM_CLIENT_ID: client.clientId,
    BERTH_PLATFORM_CLIENT_SECRET: client.clientSecret,
  };
}

let platform: FakePlatform;
let berth: Berth;
beforeAll(async () => {
  platform = await startFakePlatform();
  berth = await startBerth({ projectKey: fakeProjectKey, environment: platformOf(platform) });
});
afterAll(async () => {
  await berth[Symbol.asyncDispose]();
  await platform[Symbol.asyncDispose]();
});

/** A connector with these scopes, previewed, and a way to set and preview others. */
async function prepare(scopes: readonly string[] | undefined) {
  const repository = await createRepository({ files: connectorWith(scopes), tag: 'v1' });
  const staged = await previewConnector(berth, { url: repository.url, tag: 'v1' });
  return {
    staged,
    async change(other: readonly string[] | undefined) {
      const tag = `v-${randomUUID()}`;
      await repository.commit(connectorWith(other), tag);
      const path = `/connectors/drafts/${staged.body.id}`;
      const { body } = await berth.request('GET', path);
      const actions = [
        { action: 'setRepository', url: repository.url, tag },
        { action: 'updatePreviewable' },
      ];
      await berth.request('POST', path, { version: body.version, actions });
      return settle(
        () => berth.request('GET', path),
        (answer) => answer.body.isPreviewable !== 'pending',
      );
    },
    [Symbol.asyncDispose]: () => repository[Symbol.asyncDispose](),
  };
}

const ids = () => platform.apiClients().map(({ id }) => id);

async function update(deployment: Answer): Promise<Answer> {
  const accepted = await redeploy(berth, deployment, { updateConnector: true });
  expect(accepted.status).toBe(201);
  return settleDeployment(berth, accepted.body.id);
}

function variable(deployment: Answer, name: string): Promise<string> {
  const { url } = deployment.body.applications[0];
  return fetch(`${url}/env/${name}`).then((answer) => answer.text());
}

describe('the API client that a connector asks for', () => {
  test('is made with the scopes of its project, given to applications and scripts, and goes', async () => {
    await using connector = await prepare(['manage_orders', 'view_products']);
    expect(connector.staged.body.apiClient).toEqual({ scopes: ['manage_orders', 'view_products'] });
    const before = ids();
    const deployed = await deploy(berth, draftOf(connector.staged));
    expect(deployed.body.status).toBe('Deployed');
    const made = platform.apiClients().find(({ id }) => !before.includes(id));
    const scope = `manage_orders:${fakeProjectKey} view_products:${fakeProjectKey}`;
    expect(made).toMatchObject({ scope });
    expect(deployed.body.apiClient).toEqual({
      name: made?.id,
      scopes: ['manage_orders', 'view_products'],
    });

    const expected = {
      CTP_API_URL: platform.url,
      CTP_AUTH_URL: platform.url,
      CTP_PROJECT_KEY: fakeProjectKey,
      CTP_CLIENT_ID: made?.id,
      CTP_CLIENT_SECRET: expect.stringMatching(/^.{32}$/),
      CTP_SCOPE: scope,
      CTP_CLIENT_SCOPE: scope,
      CTP_CLIENT_REGION: 'europe-west1.gcp',
      CTP_REGION: 'europe-west1.gcp',
    };
    const found = await Promise.all(
      variables.map(async (name) => [name, await variable(deployed, name)] as const),
    );
    expect(Object.fromEntries(found)).toEqual(expected);
    const secret = await variable(deployed, 'CTP_CLIENT_SECRET');
    const printed = (await readLog(berth, deployed.body.id, 'app')).map(
      ({ details }) => details['message'],
    );
    for (const [name, value] of found) expect(printed).toContain(`${name} is ${value.length}`);
    expect(JSON.stringify(deployed.body)).not.toContain(secret);

    expect((await undeploy(berth, deployed.body.id)).status).toBe(404);
    expect(ids()).not.toContain(made?.id);
  });

  test('is another one after an update that changes its scopes, and the old one goes', async () => {
    await using connector = await prepare(['manage_orders']);
    const first = await deploy(berth, draftOf(connector.staged));
    await connector.change(['manage_orders', 'manage_customers']);

    const same = await settleDeployment(berth, (await redeploy(berth, first)).body.id);
    expect(same.body.apiClient).toEqual(first.body.apiClient);

    const second = await update(same);
    expect(second.body).toMatchObject({
      status: 'Deployed',
      apiClient: { scopes: ['manage_orders', 'manage_customers'] },
    });
    expect(second.body.apiClient.name).not.toBe(first.body.apiClient.name);
    expect(await variable(second, 'CTP_CLIENT_ID')).toBe(second.body.apiClient.name);
    expect(ids()).toContain(second.body.apiClient.name);
    expect(ids()).not.toContain(first.body.apiClient.name);

    await connector.change(undefined);
    const third = await update(second);
    expect(third.body.status).toBe('Deployed');
    expect(third.body).not.toHaveProperty('apiClient');
    expect(await variable(third, 'CTP_CLIENT_ID')).toBe('unset');
    expect(ids()).not.toContain(second.body.apiClient.name);
  });

  test('with a scope that does not exist fails the deployment, which says what to mend', async () => {
    await using connector = await prepare(['view_subscriptions']);
    const before = ids();
    const deployed = await deploy(berth, draftOf(connector.staged));
    expect(deployed.body.status).toBe('Failed');
    expect(reportEntries(deployed).at(-1)).toMatchObject({
      type: 'Error',
      title: 'API client could not be created',
      message: expect.stringContaining('Correct `inheritAs.apiClient.scopes` in connect.yaml'),
    });
    expect(ids()).toEqual(before);

    await connector.change(['manage_subscriptions']);
    expect((await update(deployed)).body.status).toBe('Deployed');
  });

  test('keeps the one that serves while an update with other scopes fails', async () => {
    await using connector = await prepare(['manage_orders']);
    const first = await deploy(berth, draftOf(connector.staged));
    await connector.change(['view_subscriptions']);
    const failed = await update(first);
    expect(failed.body.status).toBe('Failed');
    expect(ids()).toContain(first.body.apiClient.name);
    expect(await variable(failed, 'CTP_CLIENT_ID')).toBe(first.body.apiClient.name);
  });

  test('needs a token that may make API clients: at create, and where an update changes the scopes', async () => {
    await using connector = await prepare(['manage_orders']);
    const token = await tokenWith(berth, ['manage_project', 'manage_connectors_deployments']);
    const path = `/${fakeProjectKey}/deployments`;
    const refused = await berth.request('POST', path, draftOf(connector.staged), token);
    expectErrors(refused, 403, ['AuthorizationError']);
    expect(refused.body.message).toBe('Access denied');

    const first = await deploy(berth, draftOf(connector.staged));
    const change = (version: number, action = {}) => ({
      version,
      actions: [{ action: 'redeploy', ...action }],
    });
    const one = `${path}/${first.body.id}`;
    const plain = await berth.request('POST', one, change(1, { updateConnector: true }), token);
    expect(plain.status).toBe(201);
    await settleDeployment(berth, first.body.id);

    await connector.change(['manage_orders', 'manage_customers']);
    const wider = await berth.request('POST', one, change(2, { updateConnector: true }), token);
    expectErrors(wider, 403, ['AuthorizationError']);
    expect((await berth.request('POST', one, change(2), token)).status).toBe(201);
    await settleDeployment(berth, first.body.id);
  });
});

test('a client of Berth without the scope manage_api_clients is named in the report', async () => {
  const environment = platformOf(platform, weakClient);
  await using other = await startBerth({ projectKey: fakeProjectKey, environment });
  const files = connectorWith(['manage_orders']);
  await using repository = await createRepository({ files, tag: 'v1' });
  const staged = await previewConnector(other, { url: repository.url, tag: 'v1' });
  const deployed = await deploy(other, draftOf(staged));
  expect(deployed.body.status).toBe('Failed');
  expect(reportEntries(deployed).at(-1)?.message).toContain(
    `the scope manage_api_clients:${fakeProjectKey}`,
  );
});

test("one that Berth made by itself gives way to the platform's as soon as there is one", async () => {
  await using alone = await startBerth({ projectKey: fakeProjectKey });
  const files = connectorWith(['manage_orders']);
  await using repository = await createRepository({ files, tag: 'v1' });
  const staged = await previewConnector(alone, { url: repository.url, tag: 'v1' });
  const first = await deploy(alone, draftOf(staged));
  expect(reportEntries(first)).toContainEqual(
    expect.objectContaining({ type: 'Warning', title: 'API client created in Berth only' }),
  );
  await alone.stop();
  await alone.start(platformOf(platform));
  const accepted = await redeploy(alone, first);
  const second = await settleDeployment(alone, accepted.body.id);
  expect(ids()).toContain(second.body.apiClient.name);
  const { body } = await alone.request('GET', `/${fakeProjectKey}/api-clients`);
  expect(body.results.map(({ id }: { id: string }) => id)).not.toContain(first.body.apiClient.name);
});
