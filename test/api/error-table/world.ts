import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'vitest';
import { certify } from '../../../src/control-plane/commands/certify.ts';
import type { Answer } from '../../support/berth.ts';
import {
  type ControlPlane,
  type ControlPlaneOptions,
  openControlPlane,
} from '../../support/control-plane.ts';
import { createRepository } from '../../support/git-repository.ts';
import { shopDraft, shopFiles } from '../shop-connector.ts';

/** Where every mistake of the error table can be made. Rows make their own resources, so that their order is free. */
export interface World extends AsyncDisposable {
  readonly plane: ControlPlane;
  /** All that is on disk of it. */
  readonly folder: string;
  readonly project: string;
  readonly token: string;
  readonly repositoryUrl: string;
  /** Previewable and published. */
  readonly shop: Answer;
  request(
    method: string,
    path: string,
    body?: unknown,
    options?: { readonly token?: string; readonly headers?: Readonly<Record<string, string>> },
  ): Promise<Answer>;
  get(path: string): Promise<Answer>;
  post(path: string, body: unknown): Promise<Answer>;
  /** A draft of `connect.yaml` at the tag, or the refusal. */
  draft(fields?: Readonly<Record<string, unknown>>): Promise<Answer>;
  /** One update action, with the version as it is. */
  act(staged: Answer, action: Readonly<Record<string, unknown>>): Promise<Answer>;
  /** A draft whose publishing with certification has validated. */
  waiting(): Promise<Answer>;
  /** One that an operator has certified, and so made public. */
  certified(): Promise<Answer>;
  deploymentPath(ref?: string): string;
  /** Asks for a Deployment of the shop; the operation stays open. */
  create(fields?: Readonly<Record<string, unknown>>): Promise<Answer>;
  /** A Deployment whose deploy has come to its end. */
  deployed(fields?: Readonly<Record<string, unknown>>): Promise<Answer>;
  redeploy(deployment: Answer, action?: Readonly<Record<string, unknown>>): Promise<Answer>;
  /** Sends bytes over a socket, and reads what comes until it closes. */
  sendBytes(bytes: string): Promise<Answer>;
}

const project = 'error-project';

export async function openWorld(options: ControlPlaneOptions = {}): Promise<World> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'berth-errors-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const repository = stack.use(await createRepository({ files: shopFiles, tag: 'v1' }));
  await repository.commit({ 'connect.yaml': 'deployAs: 7' }, 'not-valid');
  await repository.commit({ 'connect.yaml': null }, 'no-file');
  const plane = stack.use(await openControlPlane(folder, 1, options));
  const token = await plane.token(project);
  const address = await plane.listen();

  const request: World['request'] = (method, path, body, options) =>
    sendOverHttp(address, method, path, body, { token, ...options });
  const get = (path: string) => request('GET', path);
  const post = (path: string, body: unknown) => request('POST', path, body);
  const act: World['act'] = async ({ body: { id } }, action) => {
    const path = `/connectors/drafts/${id}`;
    const { version } = (await get(path)).body;
    return post(path, { version, actions: [action] });
  };
  const draft: World['draft'] = (fields) =>
    post('/connectors/drafts', {
      name: 'Shop',
      creator: { email: 'somebody@example.com' },
      repository: { url: repository.url, tag: 'v1' },
      ...fields,
    });
  const workAll = async () => {
    while (await plane.work('succeed'));
  };
  const waiting: World['waiting'] = async () => {
    const staged = await draft();
    await act(staged, { action: 'publish', certification: true });
    await workAll();
    return get(`/connectors/drafts/${staged.body.id}`);
  };
  const certified: World['certified'] = async () => {
    const { body } = await waiting();
    for (const step of ['start', 'approve'] as const)
      await certify(
        { store: plane.store, clock: { now: Date.now } },
        { idOrKey: body.id },
        { step },
      );
    return get(`/connectors/drafts/${body.id}`);
  };

  const shop = await draft();
  for (const action of [
    { action: 'updatePreviewable' },
    { action: 'publish', certification: false },
  ]) {
    expect((await act(shop, action)).status).toBe(201);
    await workAll();
  }

  const deploymentPath = (ref?: string) =>
    `/${project}/deployments${ref === undefined ? '' : `/${ref}`}`;
  const create: World['create'] = (fields) =>
    post(deploymentPath(), {
      ...shopDraft(shop),
      connector: { id: shop.body.id, staged: false },
      ...fields,
    });
  const opened = stack.move();
  return {
    plane,
    folder,
    project,
    token,
    repositoryUrl: repository.url,
    shop,
    request,
    get,
    post,
    draft,
    act,
    waiting,
    certified,
    deploymentPath,
    create,
    async deployed(fields) {
      const { body } = await create(fields);
      await workAll();
      const found = await get(deploymentPath(body.id));
      expect(found.body.status, JSON.stringify(found.body)).toBe('Deployed');
      return found;
    },
    redeploy: ({ body }, action = {}) =>
      post(deploymentPath(body.id), {
        version: body.version,
        actions: [{ action: 'redeploy', ...action }],
      }),
    async sendBytes(bytes) {
      const socket = connect({ host: address.hostname, port: address.port });
      socket.end(bytes);
      const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n');
      return {
        status: Number(head.split(' ')[1]),
        headers: new Headers(),
        body: JSON.parse(body),
      };
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** A string goes as it is, anything else as JSON. */
export async function sendOverHttp(
  { hostname, port }: { readonly hostname: string; readonly port: number },
  method: string,
  path: string,
  body: unknown,
  {
    token,
    headers,
  }: { readonly token: string; readonly headers?: Readonly<Record<string, string>> },
): Promise<Answer> {
  const response = await fetch(`http://${hostname}:${port}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}
