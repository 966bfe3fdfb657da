import { createServer, type Socket } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import type { InstanceAddress } from '../../../src/core/route-table.ts';
import type { GatewayLimits } from '../../../src/data-plane/gateway/limits.ts';
import type { Gateway } from '../../../src/data-plane/gateway/server.ts';
import {
  addressOf,
  call,
  listenAnywhere,
  openSocket,
  processes,
  routeTo,
  startGateway,
  startUpstream,
} from './support.ts';

export interface BareConnection {
  readonly socket: Socket;
  /** Every byte of it, as latin1. */
  received(): string;
}

export interface BareUpstream {
  readonly address: InstanceAddress;
  /** All there ever were. */
  readonly connections: readonly BareConnection[];
  /** Every byte of every connection. */
  received(): string;
}

/** A server below HTTP: it keeps what it is sent, and does with each connection what it is told when the first bytes come. */
export async function startBareUpstream(
  take: (connection: BareConnection) => void = answerOk,
): Promise<BareUpstream> {
  const connections: BareConnection[] = [];
  const server = createServer((socket) => {
    let text = '';
    const connection = { socket, received: () => text };
    connections.push(connection);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.once('data', () => take(connection));
    onTestFinished(() => void socket.destroy());
  });
  onTestFinished(() => void server.close());
  return {
    address: addressOf(await listenAnywhere(server)),
    connections,
    received: () => connections.map((one) => one.received()).join(''),
  };
}

/** Answers each head that it is sent, whatever comes with it. */
function answerOk({ socket, received }: BareConnection): void {
  let answered = 0;
  const answer = (): void => {
    const heads = received().split('\r\n\r\n').length - 1;
    if (heads === 0 || answered > 0) return;
    answered += 1;
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok');
  };
  socket.on('data', answer);
  answer();
}

/** A gateway with an application under attack, `service-1`, and another one, `neighbour`. */
export async function startHostileWorld({
  take,
  limits = {},
}: {
  readonly take?: (connection: BareConnection) => void;
  readonly limits?: Partial<GatewayLimits>;
} = {}) {
  const upstream = await startBareUpstream(take);
  const neighbour = await startUpstream((_req, res) => void res.end('as ever'));
  const gateway = await startGateway({ limits: { drainMs: 200, ...limits } });
  const other = { deploymentId: 'deployment-2', applicationName: 'other', hostLabel: 'neighbour' };
  await gateway.applyRoutes([
    routeTo(processes([upstream.address])),
    routeTo(processes([neighbour.address], 'release-2'), other),
  ]);
  return {
    gateway,
    upstream,
    /** Entries of the application under attack. */
    log: () => gateway.log.filter(({ route }) => route.applicationName === 'hello'),
  };
}

/** Another application is asked all the while, and always answers. */
export async function whileOthersAnswer<T>(
  { port }: Pick<Gateway, 'port'>,
  attack: () => Promise<T>,
): Promise<T> {
  let isOver = false;
  const asking = (async () => {
    do {
      const { status, text } = await call({ port, label: 'neighbour' });
      expect([status, text]).toEqual([200, 'as ever']);
    } while (!isOver);
  })();
  try {
    return await attack();
  } finally {
    isOver = true;
    await asking;
  }
}

/** Sends bytes, and waits for the end of the connection or for `isEnough` of what has come back. */
export async function exchange(
  { port }: Pick<Gateway, 'port'>,
  bytes: string,
  isEnough: (text: string) => boolean = () => false,
): Promise<string> {
  const socket = await openSocket(port);
  const isOver = new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
    socket.on('data', () => isEnough(socket.received()) && resolve());
  });
  socket.write(bytes, 'latin1');
  await isOver;
  const text = socket.received();
  socket.destroy();
  return text;
}

/** An answer of the gateway's own: its status and the message in its body. */
export function readRefusal(text: string): { readonly status: number; readonly message: string } {
  const [head = '', body = ''] = text.split('\r\n\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]);
  const { statusCode, message, errors } = JSON.parse(body);
  expect([statusCode, errors[0].message]).toEqual([status, message]);
  return { status, message };
}
