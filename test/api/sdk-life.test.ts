import { type Client, ClientBuilder } from '@commercetools/ts-client';
import {
  type ApiRoot,
  type ConnectorStaged,
  createApiClient,
  type Deployment,
  type DeploymentDraft,
} from '@commercetools-connect/sdk';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Berth, startBerth } from '../support/berth.ts';
import { createRepository, type TestRepository } from '../support/git-repository.ts';
import { tinyConnector } from '../support/tiny-connector.ts';
import { expectNobodyAnswers } from './support.ts';

/** Every kind of application that a connector without dependencies can have. */
const files = tinyConnector({
  greeter: {
    spec: {
      configuration: {
        standardConfiguration: [{ key: 'VALUE', description: 'Greeting', default: 'hello' }],
        securedConfiguration: [{ key: 'TOKEN', description: 'Token', required: true }],
      },
    },
  },
  listener: { type: 'event' },
  nightly: { type: 'job', spec: { properties: { schedule: '0 3 * * *' } } },
  pictures: { type: 'assets', files: { 'public/logo.svg': '<svg/>' } },
});

const configurations = ['greeter', 'listener', 'nightly', 'pictures'].map((applicationName) => ({
  applicationName,
  standardConfiguration: [],
  securedConfiguration:
    applicationName === 'greeter' ? [{ key: 'TOKEN', value: 'a secret of the test' }] : [],
}));

let berth: Berth;
let repository: TestRepository;
let client: Client;
let sdk: ApiRoot;

beforeAll(async () => {
  [berth, repository] = await Promise.all([startBerth(), createRepository({ files, tag: 'v1' })]);
  client = new ClientBuilder()
    .withClientCredentialsFlow({
      host: berth.api,
      projectKey: berth.projectKey,
      credentials: { clientId: berth.client.id, clientSecret: berth.client.secret },
      scopes: [`manage_project:${berth.projectKey}`],
      httpClient: fetch,
    })
    .withHttpMiddleware({ host: berth.api, httpClient: fetch })
    .build();
  sdk = createApiClient(client.execute, berth.api);
});

afterAll(async () => {
  await berth?.[Symbol.asyncDispose]();
  await repository?.remove();
});

const deployments = () => sdk.withProjectKey({ projectKey: berth.projectKey }).deployments();
const drafts = () => sdk.connectors().drafts();
/** The SDK has no builder for this endpoint; its client can call it all the same. */
const deleteDraft = (id: string) =>
  client.execute({ method: 'DELETE', uri: `/connectors/drafts/${id}` });

const untilSettled = (id: string): Promise<Deployment> =>
  vi.waitUntil(
    async () => {
      const { body } = await deployments().withId({ ID: id }).get().execute();
      return ['Queued', 'Deploying', 'Undeploying'].includes(body?.status ?? '') ? undefined : body;
    },
    { timeout: 60_000, interval: 50 },
  );

const untilGone = (id: string) =>
  vi.waitFor(
    () => expect(deployments().withId({ ID: id }).get().execute()).rejects.toMatchObject(gone),
    { timeout: 60_000, interval: 50 },
  );
const gone = { statusCode: 404, body: { errors: [{ code: 'ResourceNotFound' }] } };

async function update(
  staged: ConnectorStaged,
  action: { action: 'updatePreviewable' } | { action: 'publish'; certification: false },
  isOver: (now: ConnectorStaged) => boolean,
): Promise<ConnectorStaged> {
  const draft = drafts().withId({ ID: staged.id });
  await draft.post({ body: { version: staged.version, actions: [action] } }).execute();
  return vi.waitUntil(
    async () => {
      const { body } = await draft.get().execute();
      return body !== undefined && isOver(body) ? body : undefined;
    },
    { timeout: 60_000, interval: 50 },
  );
}

async function deploy(draft: DeploymentDraft): Promise<Deployment> {
  const { body, statusCode } = await deployments().post({ body: draft }).execute();
  expect([statusCode, body?.status]).toEqual([201, 'Deploying']);
  return untilSettled(body?.id ?? '');
}

async function redeployWith(deployment: Deployment, greeting: string): Promise<Deployment> {
  const { statusCode } = await deployments()
    .withId({ ID: deployment.id })
    .post({
      body: {
        version: deployment.version,
        actions: [
          {
            action: 'redeploy',
            configurationValues: [
              {
                applicationName: 'greeter',
                standardConfiguration: [{ key: 'VALUE', value: greeting }],
                securedConfiguration: [],
              },
            ],
          },
        ],
      },
    })
    .execute();
  expect(statusCode).toBe(201);
  return untilSettled(deployment.id);
}

async function removeDeployment(id: string): Promise<void> {
  const { body, statusCode } = await deployments().withId({ ID: id }).delete().execute();
  expect([statusCode, body?.status]).toEqual([202, 'Undeploying']);
  await untilGone(id);
}

const application = (deployment: Deployment, name: string) =>
  deployment.applications.find(({ applicationName }) => applicationName === name);

async function ask(deployment: Deployment, name: string, path = ''): Promise<string> {
  const response = await fetch(`${application(deployment, name)?.url}${path}`);
  expect(response.status).toBe(200);
  return response.text();
}

/** One life: each test goes on where the one before it ended. */
describe('the official SDK', () => {
  let staged: ConnectorStaged;
  let preview: Deployment;
  let sandbox: Deployment;

  test('makes a draft and has it checked', async () => {
    const { body: created, statusCode } = await drafts()
      .post({
        body: {
          key: 'greetings',
          name: 'Greetings',
          creator: { email: 'somebody@example.com' },
          repository: { url: repository.url, tag: 'v1' },
        },
      })
      .execute();
    expect(statusCode).toBe(201);
    expect(created).toMatchObject({ version: 1, status: 'Draft', isPreviewable: 'none' });

    staged = await update(
      created as ConnectorStaged,
      { action: 'updatePreviewable' },
      ({ isPreviewable }) => isPreviewable !== 'pending',
    );
    expect(staged.isPreviewable, JSON.stringify(staged.previewableReport)).toBe('true');
  });

  test('deploys it as a preview, which answers', async () => {
    preview = await deploy({
      key: 'greetings-preview',
      connector: { key: 'greetings', staged: true, version: staged.version },
      region: 'europe-west1.gcp',
      configurations,
    });

    expect(preview, JSON.stringify(preview.details)).toMatchObject({
      status: 'Deployed',
      type: 'preview',
      preview: true,
    });
    expect(application(preview, 'listener')?.topic).toMatch(/./);
    expect(application(preview, 'nightly')?.schedule).toBe('0 3 * * *');
    expect(application(preview, 'greeter')?.securedConfiguration).toEqual([
      { key: 'TOKEN', value: '********' },
    ]);
    expect(await ask(preview, 'greeter')).toBe('hello');
    expect(await ask(preview, 'greeter', '/env/TOKEN')).toBe('a secret of the test');
    expect(await ask(preview, 'pictures', '/logo.svg')).toBe('<svg/>');
  });

  test('reads its logs', async () => {
    const logs = deployments().withKey({ key: 'greetings-preview' }).logs();

    await vi.waitFor(
      async () => {
        const { body } = await logs.get({ queryArgs: { applicationName: 'greeter' } }).execute();
        expect(body?.next).toBe('');
        expect(body?.data).toEqual(
          expect.arrayContaining([
            expect.objectContaining({
              type: 'APPLICATION_TEXT',
              deploymentId: preview.id,
              details: { message: 'listens on 8080' },
            }),
            expect.objectContaining({
              type: 'HTTP_REQUEST',
              details: expect.objectContaining({
                requestUrl: `${application(preview, 'greeter')?.url}/env/TOKEN`,
                status: 200,
              }),
            }),
          ]),
        );
      },
      { timeout: 60_000, interval: 50 },
    );
  });

  test('changes its configuration', async () => {
    const changed = await redeployWith(preview, 'good evening');

    expect(changed).toMatchObject({ status: 'Deployed', version: preview.version + 1 });
    expect(application(changed, 'greeter')?.url).toBe(application(preview, 'greeter')?.url);
    expect(await ask(changed, 'greeter')).toBe('good evening');
    expect(await ask(changed, 'greeter', '/env/TOKEN')).toBe('a secret of the test');
  });

  test('is told by a 409 that somebody else was faster', async () => {
    await expect(redeployWith(preview, 'too late')).rejects.toMatchObject({
      statusCode: 409,
      body: { errors: [{ code: 'ConcurrentModification', currentVersion: 2, expectedVersion: 1 }] },
    });
  });

  test('publishes the connector and deploys it as a sandbox beside the preview', async () => {
    staged = await update(
      staged,
      { action: 'publish', certification: false },
      ({ status }) => status !== 'Processing',
    );
    expect(staged).toMatchObject({ status: 'Published', alreadyListed: true, private: true });
    const { body } = await sdk.connectors().withKey({ key: 'greetings' }).get().execute();
    expect(body).toMatchObject({ id: staged.id, private: true, certified: false });

    const { body: found } = await sdk
      .connectors()
      .search()
      .get({ queryArgs: { text: 'greetings', key: ['greetings'], private: true } })
      .execute();
    expect(found).toMatchObject({ total: 1, results: [{ id: staged.id, private: true }] });

    sandbox = await deploy({
      connector: { id: staged.id },
      region: 'europe-west1.gcp',
      configurations,
    });

    expect(sandbox).toMatchObject({ status: 'Deployed', type: 'sandbox', preview: false });
    expect(await ask(sandbox, 'greeter')).toBe('hello');
    expect(await ask(preview, 'greeter')).toBe('good evening');
  });

  test('finds both', async () => {
    const { body: both } = await deployments()
      .get({ queryArgs: { limit: 10 } })
      .execute();
    expect(both).toMatchObject({ limit: 10, offset: 0, count: 2, total: 2 });
    expect(both?.results.map(({ id }) => id)).toEqual([sandbox.id, preview.id]);

    const { body: previews } = await deployments()
      .get({ queryArgs: { deploymentType: 'preview', sort: ['createdAt asc', 'lastModifiedAt'] } })
      .execute();
    expect(previews?.results.map(({ id }) => id)).toEqual([preview.id]);
  });

  test('deletes both, and nothing answers any more', async () => {
    await Promise.all([removeDeployment(sandbox.id), removeDeployment(preview.id)]);

    await expect(
      deployments().withKey({ key: 'greetings-preview' }).get().execute(),
    ).rejects.toMatchObject(gone);
    for (const deployment of [preview, sandbox]) {
      await expectNobodyAnswers(application(deployment, 'greeter')?.url ?? '');
    }
  });

  test('deletes a draft, unless it is published', async () => {
    await expect(deleteDraft(staged.id)).rejects.toMatchObject({
      statusCode: 400,
      body: { errors: [{ code: 'ConnectorStagedInvalidStatus' }] },
    });

    const { body: another } = await drafts()
      .post({
        body: {
          name: 'Another',
          creator: { email: 'somebody@example.com' },
          repository: { url: repository.url, tag: 'v1' },
        },
      })
      .execute();
    const deleted = await deleteDraft(another?.id ?? '');
    expect(deleted).toMatchObject({ statusCode: 200, body: { id: another?.id } });
    await expect(deleteDraft(another?.id ?? '')).rejects.toMatchObject(gone);
  });
});
