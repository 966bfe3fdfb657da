import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';

/** What listens on this machine beside Berth, and where a connector could look for it. */
export interface HostServices extends AsyncDisposable {
  readonly ports: Readonly<Record<string, number>>;
  readonly datagramPort: number;
  /** Name of a socket in no file system. */
  readonly abstract: string;
  readonly hosts: readonly string[];
}

export async function startHostServices(): Promise<HostServices> {
  const servers = [await listen({ host: '127.0.0.1' }), await listen({ host: '0.0.0.0' })];
  const abstract = `berth-test-${process.pid}-${portOf(servers[0])}`;
  const hidden = await listen({ path: `\0${abstract}` });
  const datagrams = createSocket('udp4');
  datagrams.on('message', (_message, { port, address }) => datagrams.send('x', port, address));
  datagrams.bind(0);
  await once(datagrams, 'listening');
  return {
    ports: {
      'a service on loopback': portOf(servers[0]),
      'a service everywhere': portOf(servers[1]),
    },
    datagramPort: datagrams.address().port,
    abstract,
    hosts: ['127.0.0.1', 'localhost', '0.0.0.0', '::1', ...ownAddresses()],
    async [Symbol.asyncDispose]() {
      datagrams.close();
      for (const server of [...servers, hidden]) server.close();
    },
  };
}

async function listen(at: { readonly host: string } | { readonly path: string }): Promise<Server> {
  // A connector that comes through is let go at once: what counts is that it came.
  const server = createServer((socket) => socket.on('error', () => {}).end());
  server.listen('path' in at ? at : { ...at, port: 0 });
  await once(server, 'listening');
  return server;
}

function portOf(server: Server | undefined): number {
  const address = server?.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function ownAddresses(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((infos) => infos ?? []);
  return all
    .filter(({ internal, scopeid = 0 }) => !internal && scopeid === 0)
    .map(({ address }) => address);
}
