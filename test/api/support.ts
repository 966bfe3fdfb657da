import { request } from 'node:http';
import { expect, vi } from 'vitest';
import { bootstrapProject } from '../../src/control-plane/commands/bootstrap.ts';
import type { Answer, Berth } from '../support/berth.ts';
import { settle } from '../support/deploy.ts';

/** A project with its own client. */
export interface TestProject {
  readonly projectKey: string;
  readonly client: { readonly id: string; readonly secret: string };
  /** With every scope of the project. */
  readonly token: string;
}

/** A second project in a running Berth, as a start with other bootstrap settings would make it. */
export async function addProject(
  berth: Berth,
  projectKey: string,
  fields: { readonly productionEnabled?: boolean } = {},
): Promise<TestProject> {
  const client = { id: `client-of-${projectKey}`, secret: `secret-of-${projectKey}` };
  await using store = await berth.openStore();
  const { productionEnabled = true } = fields;
  await store.commit([
    { kind: 'put-project', project: { key: projectKey, productionEnabled, createdAt: Date.now() } },
  ]);
  await bootstrapProject(
    { store, clock: { now: Date.now } },
    { projectKey, clientId: client.id, clientSecret: client.secret },
  );
  return { projectKey, client, token: await berth.token(client) };
}

/** A token of a new client that has these scopes, given without their project. */
export async function tokenWith(berth: Berth, scopes: readonly string[]): Promise<string> {
  const scope = scopes.map((name) => `${name}:${berth.projectKey}`).join(' ');
  const path = `/${berth.projectKey}/api-clients`;
  const { body } = await berth.request('POST', path, { name: scope, scope });
  return berth.token({ id: body.id, secret: body.secret });
}

/** A Connector, published privately from what was previewed. */
export async function publishConnector(berth: Berth, staged: Answer): Promise<Answer> {
  const path = `/connectors/drafts/${staged.body.id}`;
  await berth.request('POST', path, {
    version: staged.body.version,
    actions: [{ action: 'publish', certification: false }],
  });
  await settle(
    () => berth.request('GET', path),
    ({ body }) => body.status !== 'Processing',
  );
  return berth.request('GET', `/connectors/${staged.body.id}`);
}

/** The gateway closes a port soon after the deployment behind it is gone. */
export async function expectNobodyAnswers(url: string): Promise<void> {
  await vi.waitFor(() => expect(fetch(url)).rejects.toThrow(), { timeout: 60_000 });
}

/** The whole of contract §3.1, and the codes in their order. */
export function expectErrors(answer: Answer, status: number, codes: readonly string[]): void {
  expectEnvelope(answer);
  expect([answer.status, codesOf(answer)], JSON.stringify(answer.body)).toEqual([status, codes]);
}

export function expectEnvelope({ status, headers, body }: Answer): void {
  const seen = `${status} ${JSON.stringify(body)?.slice(0, 1000)}`;
  expect(status, seen).toBeGreaterThanOrEqual(400);
  expect(status, seen).toBeLessThan(500);
  expect(headers.get('content-type'), seen).toMatch(/^application\/json/);
  expect(headers.get('x-correlation-id'), seen).toMatch(/./);
  expect(body, seen).toMatchObject({ statusCode: status, message: expect.stringMatching(/./) });
  expect(body.errors.length, seen).toBeGreaterThan(0);
  expect(body.message, seen).toBe(body.errors[0].message);
  for (const error of body.errors) {
    expect(error, seen).toMatchObject({
      code: expect.stringMatching(/^\w+$/),
      message: expect.stringMatching(/./),
    });
    if ('detailedErrorMessage' in error)
      expect(error.detailedErrorMessage, seen).toBeTypeOf('string');
  }
}

export function codesOf({ body }: Answer): string[] {
  return body.errors.map(({ code }: { code: string }) => code);
}

export function detailsOf({ body }: Answer): string[] {
  return body.errors.map(
    ({ detailedErrorMessage }: { detailedErrorMessage: string }) => detailedErrorMessage,
  );
}

export interface RawRequest {
  readonly method?: string;
  /** Sent as it is. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Without saying before how long the body is. */
  readonly chunked?: boolean;
}

/** A request that nothing tidies up before it leaves. Of a stream, which may have no end, the answer is its beginning. */
export function send(berth: Berth, sent: RawRequest): Promise<Answer> {
  const { method = 'GET', path, headers, body = '', chunked = false } = sent;
  const length = chunked ? {} : { 'content-length': Buffer.byteLength(body) };
  const { hostname, port } = new URL(berth.api);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        hostname,
        port,
        method,
        path,
        headers: { ...length, ...headers },
        agent: false,
      },
      (response) => {
        const chunks: Buffer[] = [];
        const answer = (): void =>
          resolve({
            status: response.statusCode ?? 0,
            headers: new Headers(response.headersDistinct as unknown as Record<string, string>),
            body: parseJson(Buffer.concat(chunks).toString()),
          });
        const isStream = response.headers['content-type']?.startsWith('text/event-stream');
        response.on('error', reject);
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          if (!isStream) return;
          answer();
          response.destroy();
        });
        response.on('end', answer);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
