import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Answer, type Berth, startBerth } from '../support/berth.ts';
import { deploy, previewConnector, redeploy, settle, settleDeployment } from '../support/deploy.ts';
import { createRepository, type TestRepository } from '../support/git-repository.ts';
import { keys, tinyConnector } from '../support/tiny-connector.ts';
import { picturesDraft, shopDraft, shopFiles, values, webValues } from './shop-connector.ts';
import { expectErrors, tokenWith } from './support.ts';

let berth: Berth;
let repository: TestRepository;
let shop: Answer;

beforeAll(async () => {
  [berth, repository] = await Promise.all([
    startBerth({ environment: { BERTH_APPS_PORTS: '23600-23699' } }),
    createRepository({ files: shopFiles, tag: 'v1' }),
  ]);
  shop = await previewConnector(berth, { url: repository.url, tag: 'v1' });
});

afterAll(async () => {
  await berth?.[Symbol.asyncDispose]();
  await repository?.remove();
});

const plan = ({ body }: Answer, action: object = {}, more: object = {}) =>
  berth.request('POST', `/test-project/deployments/${body.id}/plan`, {
    version: body.version,
    actions: [{ action: 'redeploy', ...action }],
    ...more,
  });

async function planned(deployment: Answer, action: object = {}): Promise<Answer['body']> {
  const answer = await plan(deployment, action);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
}

const nothing = { configuration: [], connector: [], specification: [] };

test('a redeploy without a change restarts what runs and builds nothing', async () => {
  const deployment = await deploy(
    berth,
    shopDraft(shop, { key: 'plain', configurations: [webValues, values('pictures')] }),
  );
  const told = await planned(deployment);
  expect(told).toEqual({
    deployment: { typeId: 'deployment', id: deployment.body.id, key: 'plain' },
    version: 1,
    connector: { before: expect.objectContaining({ tag: 'v1' }), after: told.connector.before },
    changes: nothing,
    applications: [
      {
        applicationName: 'web',
        applicationType: 'service',
        change: 'kept',
        build: { outcome: 'reuse', reasons: [] },
        instances: 'restart',
        scripts: [],
      },
      {
        applicationName: 'pictures',
        applicationType: 'assets',
        change: 'kept',
        build: { outcome: 'reuse', reasons: [] },
        instances: 'none',
        scripts: [],
      },
    ],
  });
  const { body } = await berth.request('GET', '/test-project/deployments/key=plain');
  expect(body).toEqual(deployment.body);
});

test('changed values are told, secrets as digests that say only whether they change', async () => {
  const deployment = await deploy(berth, shopDraft(shop, { key: 'values' }));
  const configuration = async (secret: string) => {
    const sent = values('web', { NOTE: 'new', NEEDED: 'maybe' }, { TOKEN: secret });
    return (await planned(deployment, { configurationValues: [sent] })).changes.configuration;
  };
  const [same, other] = [await configuration('a token'), await configuration('another-token')];
  const standard = [
    {
      field: 'applications[web].standardConfiguration[NEEDED]',
      before: 'yes',
      after: 'maybe',
    },
    { field: 'applications[web].standardConfiguration[NOTE]', after: 'new' },
  ];
  expect(same).toEqual(standard);
  expect(other).toEqual([
    ...standard,
    {
      field: 'applications[web].securedConfiguration[TOKEN]',
      before: expect.not.stringContaining('token'),
      after: expect.not.stringContaining('another'),
    },
  ]);
  expect(other[2].before).not.toBe(other[2].after);
});

test('what it says is what the redeploy does', async () => {
  const deployment = await deploy(berth, shopDraft(shop, { key: 'kept' }));
  const action = { configurationValues: [values('web', { NOTE: 'told' }, { TOKEN: 'another' })] };
  const { changes } = await planned(deployment, action);
  await redeploy(berth, deployment, action);
  await settleDeployment(berth, deployment.body.id);
  const { body } = await berth.request(
    'GET',
    `/test-project/audit-log?resourceId=${deployment.body.id}&action=redeployDeployment`,
  );
  const [{ before, after }] = body.results;
  const secretIn = (shown: typeof before) => shown.applications[0].securedConfiguration[0].value;
  expect(changes.configuration[1]).toMatchObject({
    before: secretIn(before),
    after: secretIn(after),
  });
});

test('a newer connector is compared with the one that runs', async () => {
  const files = tinyConnector({
    web: { spec: keys(['GONE']) },
    old: { type: 'job', spec: { properties: { schedule: '0 3 * * *' } } },
  });
  await using own = await createRepository({ files, tag: 'v1' });
  const staged = await previewConnector(berth, { url: own.url, tag: 'v1' });
  expect(staged.status, JSON.stringify(staged.body)).toBe(200);
  const deployment = await deploy(
    berth,
    picturesDraft(staged, {
      globalConfiguration: undefined,
      configurations: [values('web', { GONE: 'soon' }), values('old')],
    }),
  );
  const next = tinyConnector({
    web: { spec: keys(['NEWER']), files: { 'added.txt': 'more' } },
    fresh: { spec: { scripts: { postDeploy: 'node script.js' } } },
  });
  await own.commit({ old: null, ...next }, 'v2');
  const updated = await setTag(staged, { url: own.url, tag: 'v2' });
  expect((await planned(deployment)).changes).toEqual(nothing);
  const told = await planned(deployment, {
    updateConnector: true,
    configurationValues: [values('fresh')],
  });
  expect(told.connector).toEqual({
    before: expect.objectContaining({ tag: 'v1', commit: own.firstCommit }),
    after: expect.objectContaining({ tag: 'v2', version: updated.body.version }),
  });
  const fields = (changes: readonly { field: string }[]) => changes.map(({ field }) => field);
  expect(fields(told.changes.configuration)).toEqual([
    'applications[web].standardConfiguration[GONE]',
    'applications[old]',
    'applications[fresh]',
  ]);
  expect(fields(told.changes.connector)).toEqual(
    expect.arrayContaining(['connector.version', 'connector.repository.tag']),
  );
  expect(fields(told.changes.specification)).toEqual([
    'applications[web].configuration.standard[GONE]',
    'applications[web].configuration.standard[NEWER]',
    'applications[old]',
    'applications[fresh]',
  ]);
  expect(told.applications).toEqual([
    {
      applicationName: 'web',
      applicationType: 'service',
      change: 'kept',
      // The preview has built it.
      build: { outcome: 'reuse', reasons: ['Folder "web" has changed.', 'It was built before.'] },
      instances: 'restart',
      scripts: [],
    },
    {
      applicationName: 'fresh',
      applicationType: 'service',
      change: 'added',
      build: { outcome: 'reuse', reasons: ['It does not run yet.', 'It was built before.'] },
      instances: 'start',
      scripts: ['postDeploy'],
    },
    {
      applicationName: 'old',
      applicationType: 'job',
      change: 'removed',
      instances: 'stop',
      scripts: [],
    },
  ]);
  const skipped = await planned(deployment, {
    updateConnector: true,
    skipScripts: true,
    configurationValues: [values('fresh')],
  });
  expect(skipped.applications[1].scripts).toEqual([]);
});

test('credentials that stand in connect.yaml are digests, too', async () => {
  const specWith = (password: string) =>
    tinyConnector({
      web: {
        spec: {
          configuration: {
            standardConfiguration: [
              {
                key: 'DATABASE',
                description: 'D',
                default: `https://user:${password}@host.example`,
              },
            ],
          },
        },
      },
    });
  await using own = await createRepository({ files: specWith('first-password'), tag: 'v1' });
  const staged = await previewConnector(berth, { url: own.url, tag: 'v1' });
  expect(staged.body.isPreviewable, JSON.stringify(staged.body)).toBe('true');
  const deployment = await deploy(berth, {
    ...shopDraft(staged, { configurations: [values('web')] }),
    globalConfiguration: undefined,
  });
  await own.commit(specWith('second-password'), 'v2');
  await setTag(staged, { url: own.url, tag: 'v2' });
  const told = await planned(deployment, { updateConnector: true });
  expect(told.changes.specification).toEqual([
    {
      field: 'applications[web].configuration.standard[DATABASE].default',
      before: expect.stringMatching(/^https:\/\/hmac-sha256:\w+@host\.example$/),
      after: expect.stringMatching(/^https:\/\/hmac-sha256:\w+@host\.example$/),
    },
  ]);
  expect(JSON.stringify(told)).not.toContain('-password');
});

async function setTag(staged: Answer, to: { url: string; tag: string }): Promise<Answer> {
  const path = `/connectors/drafts/${staged.body.id}`;
  const { body } = await berth.request('GET', path);
  const answer = await berth.request('POST', path, {
    version: body.version,
    actions: [{ action: 'setRepository', ...to }, { action: 'updatePreviewable' }],
  });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return settle(
    () => berth.request('GET', path),
    (one) => one.body.isPreviewable !== 'pending',
  );
}

test('what the redeploy would refuse is refused, in the same words', async () => {
  const deployment = await deploy(berth, picturesDraft(shop, { key: 'refused' }));
  const action = { configurationValues: [values('nobody'), values('pictures', { WHAT: '1' })] };
  const [told, done] = [await plan(deployment, action), await redeploy(berth, deployment, action)];
  expectErrors(told, 400, [
    'DeploymentUnknownApplicationConfiguration',
    'DeploymentUnknownApplicationConfigurationKey',
  ]);
  expect(told.body).toEqual(done.body);
  expectErrors(await plan(deployment, {}, { version: 7 }), 409, ['ConcurrentModification']);
});

test('who may only read may not try out secrets', async () => {
  const deployment = await deploy(berth, picturesDraft(shop, { key: 'readers' }));
  const token = await tokenWith(berth, ['view_connectors_deployments']);
  const answer = await fetch(`${berth.api}/test-project/deployments/${deployment.body.id}/plan`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ version: 1, actions: [{ action: 'redeploy' }] }),
  });
  expect(answer.status).toBe(403);
});
