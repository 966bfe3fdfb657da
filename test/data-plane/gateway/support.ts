import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  request,
  type Server,
} from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { InstanceAddress, Route, Target } from '../../../src/core/route-table.ts';
import { createInFlight } from '../../../src/data-plane/connections/in-flight.ts';
import type { RequestLog } from '../../../src/data-plane/gateway/request-log.ts';
import {
  type Gateway,
  type GatewayOptions,
  openGateway,
} from '../../../src/data-plane/gateway/server.ts';

export interface StartedGateway extends Gateway {
  readonly log: RequestLog[];
  /** Releases that a request waited for, each time. */
  readonly awaited: string[];
  inFlight(releaseId: string): number;
  drained(releaseId: string): Promise<void>;
}

export async function startGateway(options: Partial<GatewayOptions> = {}): Promise<StartedGateway> {
  const log: RequestLog[] = [];
  const awaited: string[] = [];
  const inFlight = createInFlight();
  const gateway = await openGateway({
    host: '127.0.0.1',
    port: 0,
    loopbackHost: '127.0.0.1',
    onRequest: (entry) => log.push(entry),
    inFlight,
    onAwaited: ({ target }) => awaited.push('releaseId' in target ? target.releaseId : ''),
    ...options,
    limits: { drainMs: 1_000, refusedMs: 50, ...options.limits },
  });
  onTestFinished(() => gateway[Symbol.asyncDispose]());
  const { ofRelease, drained } = inFlight;
  return Object.assign(gateway, { log, awaited, inFlight: ofRelease, drained });
}

export interface Upstream {
  readonly address: InstanceAddress;
  readonly server: Server;
  /** Waits for requests under way, as a well-behaved application does on SIGTERM. */
  stop(): Promise<void>;
}

let instances = 0;

export async function startUpstream(answer: RequestListener): Promise<Upstream> {
  const server = createServer(answer);
  const port = await listenAnywhere(server);
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
    });
  onTestFinished(async () => {
    server.closeAllConnections();
    await stop();
  });
  return { address: addressOf(port), server, stop };
}

export function addressOf(port: number): InstanceAddress {
  return { instanceId: `instance-${++instances}`, host: '127.0.0.1', port };
}

export function listenAnywhere(server: Server | import('node:net').Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

/** A port where nobody listens. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listenAnywhere(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export function routeTo(target: Target, more: Partial<Route> = {}): Route {
  return {
    projectKey: 'shop',
    deploymentId: 'deployment-1',
    applicationName: 'hello',
    hostLabel: 'service-1',
    platformOnly: false,
    target,
    ...more,
  };
}

export function processes(
  instanceList: readonly InstanceAddress[],
  releaseId = 'release-1',
): Target {
  return { kind: 'process', releaseId, instances: instanceList };
}

export interface Call {
  readonly port: number;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string | Buffer;
  /** First label of the Host header. */
  readonly label?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly trailers: IncomingMessage['trailers'];
  readonly body: Buffer;
  readonly text: string;
  json(): ErrorJson;
}

interface ErrorJson {
  readonly statusCode: number;
  readonly message: string;
  readonly errors: readonly { readonly code: string; readonly message: string }[];
}

/** One request on a connection of its own, with the path exactly as given. */
export async function call(options: Call): Promise<Answer> {
  const response = await openCall(options);
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    trailers: response.trailers,
    body,
    text: body.toString(),
    json: () => JSON.parse(body.toString()),
  };
}

export function openCall(options: Call): Promise<IncomingMessage> {
  const { port, path = '/', method = 'GET', headers = {}, body, label = 'service-1' } = options;
  return new Promise((resolve, reject) => {
    const outgoing = request({
      host: '127.0.0.1',
      port,
      path,
      method,
      agent: false,
      headers: {
        host: `${label}.localhost:${port}`,
        ...(body === undefined ? {} : framing(body, headers)),
        ...headers,
      },
    });
    outgoing.once('response', resolve).once('error', reject);
    outgoing.end(body);
  });
}

function framing(body: string | Buffer, headers: object): Record<string, string> {
  return 'transfer-encoding' in headers ? {} : { 'content-length': `${Buffer.byteLength(body)}` };
}

/** A bare connection, for what an HTTP client would not send. */
export async function openSocket(port: number): Promise<Socket & { received(): string }> {
  let text = '';
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  socket.on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  await new Promise((resolve) => socket.once('connect', resolve));
  return Object.assign(socket, { received: () => text });
}

export async function readBody(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk);
  return Buffer.concat(chunks);
}
