import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { Extension, Subscription, Type } from '@commercetools/platform-sdk';
import { CommercetoolsMock } from '@labdigital/commercetools-mock';
import { type ApiClient, type ApiClients, createApiClients } from './api-clients.ts';

/** A commercetools platform on loopback: the mock's resources and token endpoint, plus API clients. */
export interface MockPlatform extends AsyncDisposable {
  /** Both the API's and the auth server's base URL, without a trailing slash. */
  readonly url: string;
  /** The last requests, oldest first. */
  readonly requests: readonly LoggedRequest[];
  extensions(projectKey: string): Promise<readonly Extension[]>;
  subscriptions(projectKey: string): Promise<readonly Subscription[]>;
  types(projectKey: string): Promise<readonly Type[]>;
  apiClients(projectKey: string): readonly ApiClient[];
  /** Forgets resources, API clients and requests; tokens stay valid. */
  clear(): Promise<void>;
}

export interface LoggedRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly status: number;
  /** The API client whose token was sent. */
  readonly clientId: string | undefined;
  /** Parsed, where it was JSON of at most 64 KiB. */
  readonly body: unknown;
}

const maxRequests = 2000;
const maxLoggedBodyBytes = 65_536;

export async function startMockPlatform(
  options: { readonly port?: number } = {},
): Promise<MockPlatform> {
  const mock = new CommercetoolsMock({
    strict: true,
    silent: true,
    enableAuthentication: true,
    validateCredentials: true,
  });
  await mock.app.ready();
  const apiClients = createApiClients();
  const requests: LoggedRequest[] = [];

  const server = createServer((request, response) => {
    answer({ mock, apiClients }, request, response)
      .then((logged) => {
        requests.push(logged);
        if (requests.length > maxRequests) requests.shift();
      })
      .catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port ?? 0, '127.0.0.1', resolve);
  });

  const query = async <T>(projectKey: string, resource: string): Promise<readonly T[]> => {
    const { results } = await queryMock(mock, `/${projectKey}/${resource}?limit=500`);
    return results as readonly T[];
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    extensions: (projectKey) => query<Extension>(projectKey, 'extensions'),
    subscriptions: (projectKey) => query<Subscription>(projectKey, 'subscriptions'),
    types: (projectKey) => query<Type>(projectKey, 'types'),
    apiClients: (projectKey) => apiClients.list(projectKey),
    async clear() {
      await mock.clear();
      apiClients.clear();
      requests.length = 0;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await mock.app.close();
    },
  };
}

interface Platform {
  readonly mock: CommercetoolsMock;
  readonly apiClients: ApiClients;
}

async function answer(
  platform: Platform,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<LoggedRequest> {
  const method = request.method ?? 'GET';
  const path = request.url ?? '/';
  const bytes = await buffer(request);
  const clientId = clientOf(platform.mock, request.headers.authorization);
  const body = parseJson(bytes);

  const status = await (answerApiClients(platform, { method, path, clientId, body }, response) ??
    passOn(platform.mock, { method, path, bytes, headers: request.headers }, response));
  return { method, path, status, clientId, body };
}

function answerApiClients(
  { apiClients }: Platform,
  request: Omit<LoggedRequest, 'status'>,
  response: ServerResponse,
): number | undefined {
  const { pathname } = new URL(`http://localhost${request.path}`);
  const match = /^\/([^/]+)\/api-clients(?:\/([^/]+))?$/.exec(pathname);
  if (match === null) return undefined;
  const [, projectKey = '', id] = match;
  const { status, body } =
    request.clientId === undefined
      ? { status: 401, body: unauthorized }
      : apiClients.answer({ method: request.method, projectKey, id, body: request.body });
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  return status;
}

const unauthorized = {
  statusCode: 401,
  message: 'invalid_token',
  errors: [{ code: 'invalid_token', message: 'invalid_token' }],
  error: 'invalid_token',
};

async function passOn(
  mock: CommercetoolsMock,
  request: Pick<LoggedRequest, 'method' | 'path'> & {
    readonly bytes: Buffer;
    readonly headers: IncomingMessage['headers'];
  },
  response: ServerResponse,
): Promise<number> {
  const { 'transfer-encoding': _, ...headers } = request.headers;
  const answer = await mock.app.inject({
    method: request.method as 'GET',
    url: request.path,
    headers,
    ...(request.bytes.length > 0 && { payload: request.bytes }),
  });
  response.writeHead(answer.statusCode, answer.headers).end(answer.rawPayload);
  return answer.statusCode;
}

async function queryMock(
  mock: CommercetoolsMock,
  url: string,
): Promise<{ readonly results: unknown }> {
  const { access_token } = mock.authStore().getClientToken('mock-platform', '');
  const answer = await mock.app.inject({
    url,
    headers: { authorization: `Bearer ${access_token}` },
  });
  return answer.json<{ readonly results: unknown }>();
}

function clientOf(mock: CommercetoolsMock, authorization = ''): string | undefined {
  return mock.authStore().getClientIdForToken(authorization.replace(/^Bearer /, ''));
}

function parseJson(bytes: Buffer): unknown {
  if (bytes.length === 0 || bytes.length > maxLoggedBodyBytes) return undefined;
  try {
    return JSON.parse(bytes.toString());
  } catch {
    // Forms of the token endpoint, for example: nobody asks for them.
    return undefined;
  }
}
