import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json, text } from 'node:stream/consumers';
import { type ApiClient, createApiClients } from './api-clients.ts';

/** What Berth itself asks of commercetools: tokens and API clients, on a real port. */
export interface FakePlatform extends AsyncDisposable {
  /** Both the API's and the auth server's base URL. */
  readonly url: string;
  readonly requests: readonly FakeRequest[];
  apiClients(): readonly ApiClient[];
  /** From now on no token is valid that was given out before. */
  revokeTokens(): void;
  close(): Promise<void>;
}

export interface FakeRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string;
  readonly status: number;
}

export const fakeProjectKey = 'fake-project';
/** The first may make API clients in the project, the second may not. */
export const privilegedClient = { clientId: 'privileged', clientSecret: 'privileged-secret-1' };
export const weakClient = { clientId: 'weak', clientSecret: 'weak-secret-1' };

export async function startFakePlatform(
  options: { readonly expiresInSeconds?: number } = {},
): Promise<FakePlatform> {
  const apiClients = createApiClients();
  const tokens = new Map<string, string>();
  const requests: FakeRequest[] = [];

  const answer = async (request: IncomingMessage): Promise<Reply> => {
    if (request.url === '/oauth/token') return giveToken(request, tokens, options.expiresInSeconds);
    const [, projectKey = '', resource, id] =
      request.url?.split('?')[0]?.split('/').map(decodeURIComponent) ?? [];
    if (resource !== 'api-clients') return failure(404, 'ResourceNotFound', 'Not found');
    const client = tokens.get(request.headers.authorization?.slice('Bearer '.length) ?? '');
    if (client === undefined) return failure(401, 'invalid_token', 'invalid_token');
    if (client !== privilegedClient.clientId || projectKey !== fakeProjectKey) {
      return failure(403, 'insufficient_scope', 'Insufficient scope');
    }
    const { method = '' } = request;
    const body: unknown = method === 'POST' ? await json(request) : undefined;
    return apiClients.answer({ method, projectKey, id, body });
  };

  const server = await startServer(async (request, response) => {
    const { method = '', url: path = '' } = request;
    const { status, body } = await answer(request);
    requests.push({ method, path, status, authorization: request.headers.authorization ?? '' });
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  return {
    ...server,
    requests,
    apiClients: () => apiClients.list(fakeProjectKey),
    revokeTokens: () => tokens.clear(),
  };
}

/** A server that answers as it likes, for platforms that misbehave. */
export async function startServer(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close, [Symbol.asyncDispose]: close };
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

async function giveToken(
  request: IncomingMessage,
  tokens: Map<string, string>,
  expiresInSeconds = 172_800,
): Promise<Reply> {
  const form = new URLSearchParams(await text(request));
  const client = [privilegedClient, weakClient].find(
    (one) => request.headers.authorization === basic(one),
  );
  if (client === undefined || form.get('grant_type') !== 'client_credentials') {
    const message = 'Please provide valid client credentials using HTTP Basic Authentication.';
    return failure(401, 'invalid_client', message);
  }
  const token = randomBytes(24).toString('base64url');
  tokens.set(token, client.clientId);
  const scope = `manage_project:${fakeProjectKey}`;
  return {
    status: 200,
    body: { access_token: token, expires_in: expiresInSeconds, scope, token_type: 'Bearer' },
  };
}

function basic({ clientId, clientSecret }: typeof privilegedClient): string {
  return `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
}

function failure(status: number, code: string, message: string): Reply {
  const error = { statusCode: status, message, errors: [{ code, message }] };
  return { status, body: status === 401 ? { ...error, error: code } : error };
}
