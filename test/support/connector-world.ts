import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certify } from '../../src/control-plane/commands/certify.ts';
import type { CertificationStep } from '../../src/core/certification.ts';
import type { Answer } from './berth.ts';
import { type ControlPlane, type ControlPlaneOptions, openControlPlane } from './control-plane.ts';
import { createRepository, type TestRepository } from './git-repository.ts';
import { tinyConnector } from './tiny-connector.ts';

/** A control plane, and a repository whose tags `v1` and `v2` are quick to validate. */
export interface ConnectorWorld extends AsyncDisposable {
  readonly plane: ControlPlane;
  readonly repository: TestRepository;
  as(projectKey: string): Promise<ConnectorClient>;
  /** Works on what is open until nothing is. */
  work(): Promise<void>;
  /** What an operator does. */
  certify(staged: Answer, step: CertificationStep, comment?: string): Promise<void>;
}

export interface ConnectorClient {
  readonly projectKey: string;
  get(path: string): Promise<Answer>;
  create(fields?: Readonly<Record<string, unknown>>): Promise<Answer>;
  /** The draft as it is now. */
  now(staged: Answer): Promise<Answer>;
  /** With the version as it is now. */
  update(staged: Answer, ...actions: readonly object[]): Promise<Answer>;
  remove(staged: Answer): Promise<Answer>;
  deploy(fields: Readonly<Record<string, unknown>>): Promise<Answer>;
  /** Published privately. */
  published(fields?: Readonly<Record<string, unknown>>): Promise<Answer>;
  /** Validated for certification. */
  waiting(fields?: Readonly<Record<string, unknown>>): Promise<Answer>;
  /** Public. */
  certified(fields?: Readonly<Record<string, unknown>>): Promise<Answer>;
}

export async function openConnectorWorld(options?: ControlPlaneOptions): Promise<ConnectorWorld> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'berth-connectors-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const files = tinyConnector({
    pictures: { type: 'assets', files: { 'public/a.svg': '<svg/>' } },
  });
  const repository = stack.use(await createRepository({ files, tag: 'v1' }));
  await repository.commit({ 'pictures/public/b.svg': '<svg/>' }, 'v2');
  const plane = stack.use(await openControlPlane(folder, 1, options));
  const work = async () => {
    while (await plane.work('succeed'));
  };
  const certifyAs: ConnectorWorld['certify'] = async ({ body }, step, comment) => {
    const asked = comment === undefined ? { step } : { step, comment };
    const target = { idOrKey: body.id };
    await certify({ store: plane.store, clock: { now: Date.now } }, target, asked);
  };
  const opened = stack.move();
  return {
    plane,
    repository,
    work,
    certify: certifyAs,
    async as(projectKey) {
      const token = await plane.token(projectKey);
      const request = (method: string, path: string, body?: unknown) =>
        plane.request(method, path, body, token);
      const get = (path: string) => request('GET', path);
      const now = ({ body }: Answer) => get(`/connectors/drafts/${body.id}`);
      const create = (fields = {}) =>
        request('POST', '/connectors/drafts', {
          name: 'A connector',
          creator: { email: 'somebody@example.com' },
          repository: { url: repository.url, tag: 'v1' },
          ...fields,
        });
      const update = async (staged: Answer, ...actions: readonly object[]) => {
        const { version } = (await now(staged)).body;
        return request('POST', `/connectors/drafts/${staged.body.id}`, { version, actions });
      };
      const publishedWith = async (fields: object, certification: boolean) => {
        const staged = await create(fields);
        await update(staged, { action: 'publish', certification });
        await work();
        return now(staged);
      };
      return {
        projectKey,
        get,
        create,
        now,
        update,
        remove: ({ body }) => request('DELETE', `/connectors/drafts/${body.id}`),
        deploy: (fields) =>
          request('POST', `/${projectKey}/deployments`, {
            region: 'europe-west1.gcp',
            configurations: [{ applicationName: 'pictures' }],
            ...fields,
          }),
        published: (fields = {}) => publishedWith(fields, false),
        waiting: (fields = {}) => publishedWith(fields, true),
        async certified(fields = {}) {
          const staged = await publishedWith(fields, true);
          await certifyAs(staged, 'start');
          await certifyAs(staged, 'approve');
          return now(staged);
        },
      };
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
