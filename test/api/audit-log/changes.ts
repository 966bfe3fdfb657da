import { vi } from 'vitest';
import type { Answer } from '../../support/berth.ts';
import {
  type ConnectorClient,
  type ConnectorWorld,
  openConnectorWorld,
} from '../../support/connector-world.ts';
import { createRepository } from '../../support/git-repository.ts';
import { keys, tinyConnector } from '../../support/tiny-connector.ts';

export const canary = 'canary-5f3759df';

/** A world whose connector has secrets of its own and of everybody. */
export interface AuditWorld extends AsyncDisposable {
  readonly world: ConnectorWorld;
  as(projectKey: string): Promise<AuditClient>;
}

export interface AuditClient extends ConnectorClient {
  readonly token: string;
  request(method: string, path: string, body?: unknown): Promise<Answer>;
  /** A page of the project's audit log. */
  log(query?: string): Promise<Answer>;
  /** Published, with a Deployment that has been deployed. */
  deployed(): Promise<Answer>;
}

export async function openAuditWorld(): Promise<AuditWorld> {
  await using stack = new AsyncDisposableStack();
  const world = stack.use(await openConnectorWorld());
  const files = tinyConnector(
    { pictures: { spec: keys(['COLOR'], ['TOKEN', 'OTHER_TOKEN']) } },
    keys(['SHOP'], ['PASSWORD']),
  );
  const repository = stack.use(await createRepository({ files, tag: 'v1' }));
  const opened = stack.move();
  return {
    world,
    async as(projectKey) {
      const client = await world.as(projectKey);
      const token = await world.plane.tokenWith(projectKey);
      const request = (method: string, path: string, body?: unknown) =>
        world.plane.request(method, path, body, token);
      const withSecrets = { repository: { url: repository.url, tag: 'v1' } };
      return {
        ...client,
        token,
        request,
        create: (fields = {}) => client.create({ ...withSecrets, ...fields }),
        published: (fields = {}) => client.published({ ...withSecrets, ...fields }),
        log: (query = '') => request('GET', `/${projectKey}/audit-log${query}`),
        async deployed() {
          const staged = await client.published({ ...withSecrets, key: 'pictures' });
          const deployment = await client.deploy(deploymentDraft(staged.body.id));
          await world.work();
          return request('GET', `/${projectKey}/deployments/${deployment.body.id}`);
        },
      };
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

export const deploymentDraft = (id: string, secret = canary) => ({
  key: 'shown',
  connector: { id, staged: false },
  configurations: [
    {
      applicationName: 'pictures',
      standardConfiguration: [{ key: 'COLOR', value: 'red' }],
      securedConfiguration: [
        { key: 'TOKEN', value: secret },
        { key: 'OTHER_TOKEN', value: secret },
      ],
    },
  ],
  globalConfiguration: {
    standardConfiguration: [{ key: 'SHOP', value: 'here' }],
    securedConfiguration: [{ key: 'PASSWORD', value: secret }],
  },
});

export const redeployWith = (secret: string) => ({
  action: 'redeploy',
  configurationValues: [
    { applicationName: 'pictures', securedConfiguration: [{ key: 'TOKEN', value: secret }] },
  ],
});

/** How to make a change, and what is there before it, as the API answers. */
export interface PreparedChange {
  readonly typeId: string;
  // biome-ignore lint/suspicious/noExplicitAny: a body is whatever the server sent
  readonly before?: any;
  /** Nothing is left. */
  readonly isGone?: true;
  /** The resource as it was asked for, where the answer shows more than that. */
  // biome-ignore lint/suspicious/noExplicitAny: a body is whatever the server sent
  readonly after?: any;
  ask(): Promise<Answer>;
}

/** Every endpoint that changes something, by its name. A new one needs a row. */
export const changes: Readonly<
  Record<string, (own: AuditClient, world: ConnectorWorld) => Promise<PreparedChange>>
> = {
  async createConnectorStaged(own) {
    return { typeId: 'connector-staged', ask: () => own.create({ key: 'new' }) };
  },
  async updateConnectorStaged(own) {
    const staged = await own.create({ key: 'changing' });
    const action = { action: 'setName', name: 'Another name' };
    const ask = () => own.update(staged, action, { action: 'updatePreviewable' });
    return { typeId: 'connector-staged', before: staged.body, ask };
  },
  async deleteConnectorStaged(own) {
    const staged = await own.create({ key: 'unused' });
    const ask = () => own.remove(staged);
    return { typeId: 'connector-staged', before: staged.body, isGone: true, ask };
  },
  async createDeployment(own, world) {
    const staged = await own.published();
    await world.work();
    return { typeId: 'deployment', ask: () => own.deploy(deploymentDraft(staged.body.id)) };
  },
  async redeployDeployment(own) {
    const { body } = await own.deployed();
    const update = { version: body.version, actions: [redeployWith('another')] };
    const ask = () => own.request('POST', `/${own.projectKey}/deployments/${body.id}`, update);
    return { typeId: 'deployment', before: body, ask };
  },
  rollBackDeployment: (own, world) => prepareRollback(own, world, 'rollback', { revision: 1 }),
  rollBackDeploymentToRevision: (own, world) =>
    prepareRollback(own, world, 'revisions/1/rollback', {}),
  async deleteDeployment(own) {
    const { body } = await own.deployed();
    const path = `/${own.projectKey}/deployments/key=${body.key}`;
    return { typeId: 'deployment', before: body, ask: () => own.request('DELETE', path) };
  },
  cancelOperation: (own, world) => prepareCancel(own, world, (id) => `operations/${id}/cancel`),
  cancelDeployment: (own, world) =>
    prepareCancel(own, world, (_, deploymentId) => `deployments/${deploymentId}/cancel`),
  async runJob(own, world) {
    const job = { type: 'job', spec: { properties: { schedule: '@daily' } } } as const;
    const files = tinyConnector({ tick: job });
    await using repository = await createRepository({ files, tag: 'v1' });
    const staged = await own.published({ repository: { url: repository.url, tag: 'v1' } });
    const { body } = await own.deploy({
      connector: { id: staged.body.id, staged: false },
      configurations: [{ applicationName: 'tick' }],
    });
    await world.work();
    const path = `/${own.projectKey}/deployments/${body.id}/jobs/tick/run`;
    return { typeId: 'job-run', ask: () => own.request('POST', path) };
  },
  async createApiClient(own) {
    const draft = { name: 'new', scope: `view_connectors:${own.projectKey}` };
    const path = `/${own.projectKey}/api-clients`;
    return { typeId: 'api-client', ask: () => own.request('POST', path, draft) };
  },
  async deleteApiClient(own) {
    const path = `/${own.projectKey}/api-clients`;
    const scope = `view_connectors:${own.projectKey}`;
    const { id } = (await own.request('POST', path, { name: 'old', scope })).body;
    const before = (await own.request('GET', `${path}/${id}`)).body;
    const ask = () => own.request('DELETE', `${path}/${id}`);
    return { typeId: 'api-client', before, isGone: true, ask };
  },
};

async function prepareRollback(
  own: AuditClient,
  world: ConnectorWorld,
  verb: string,
  fields: object,
): Promise<PreparedChange> {
  const { body } = await own.deployed();
  const path = `/${own.projectKey}/deployments/${body.id}`;
  await own.request('POST', path, { version: 1, actions: [redeployWith('another')] });
  await world.work();
  const before = (await own.request('GET', path)).body;
  const ask = () => own.request('POST', `${path}/${verb}`, { version: before.version, ...fields });
  return { typeId: 'deployment', before, ask };
}

/** Nobody works until the request is in the store, so that what is cancelled is queued. */
async function prepareCancel(
  own: AuditClient,
  world: ConnectorWorld,
  pathOf: (id: string, deploymentId: string) => string,
): Promise<PreparedChange> {
  const staged = await own.published();
  const { id } = (await own.deploy(deploymentDraft(staged.body.id))).body;
  const [before] = (await own.request('GET', `/${own.projectKey}/operations`)).body.results;
  const ask = async () => {
    const path = `/${own.projectKey}/${pathOf(before.id, id)}`;
    const answering = own.request('POST', path);
    const { operations } = world.plane.store;
    await vi.waitUntil(async () => (await operations.cancelRequests()).length > 0);
    await world.work();
    return answering;
  };
  return { typeId: 'operation', before, after: before, ask };
}
