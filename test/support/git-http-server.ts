import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import type { TestRepository } from './git-repository.ts';
import type { Certificate } from './self-signed-certificate.ts';

export interface GitHttpServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>/connector.git`, or `https` */
  readonly url: string;
  readonly requests: readonly string[];
}

export interface GitHttpOptions {
  /** The header it insists on. */
  readonly authorization?: string;
  /** Sends so much of an answer and then falls silent. */
  readonly stallAfterBytes?: number;
  /** Speaks https with it. */
  readonly tls?: Certificate;
}

/** Serves a repository by git's smart HTTP, as hosting sites do. */
export async function serveRepository(
  repository: TestRepository,
  options: GitHttpOptions = {},
): Promise<GitHttpServer> {
  const requests: string[] = [];
  const { tls } = options;
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    requests.push(`${request.method} ${request.url}`);
    const { authorization = request.headers.authorization, stallAfterBytes } = options;
    if (request.headers.authorization === authorization)
      answer(repository, request, response, stallAfterBytes);
    else response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
  };
  const server =
    tls === undefined
      ? createServer(listener)
      : createTlsServer({ key: tls.key, cert: tls.certificate }, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}/connector.git`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** `git http-backend` speaks CGI: a request in the environment and on stdin, an answer with a head on stdout. */
function answer(
  repository: TestRepository,
  request: IncomingMessage,
  response: ServerResponse,
  stallAfterBytes = Number.POSITIVE_INFINITY,
): void {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const backend = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: dirname(repository.directory),
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers['content-type'],
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'],
    },
  });
  request.pipe(backend.stdin);
  const chunks: Buffer[] = [];
  backend.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  backend.on('close', () => respond(Buffer.concat(chunks), response, stallAfterBytes));
}

function respond(output: Buffer, response: ServerResponse, stallAfterBytes: number): void {
  const end = output.indexOf('\r\n\r\n');
  const lines = output.subarray(0, end).toString().split('\r\n');
  const headers = lines.map((line) => line.split(/:\s*/, 2) as [string, string]);
  const status = headers.find(([name]) => name.toLowerCase() === 'status')?.[1];
  response.writeHead(
    status === undefined ? 200 : Number.parseInt(status, 10),
    Object.fromEntries(headers),
  );
  const body = output.subarray(end + 4);
  if (body.length > stallAfterBytes) response.write(body.subarray(0, stallAfterBytes));
  else response.end(body);
}
