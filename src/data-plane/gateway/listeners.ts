import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface PortOutcome {
  readonly port: number;
  readonly state: 'bound' | 'conflict';
  /** Why it could not be bound: `EADDRINUSE`, mostly. */
  readonly reason?: string;
}

/** The open servers of the gateway. */
export interface Listeners {
  /** Opens a server that is no application's own. Answers the port it got. */
  open(server: Server, host: string, port: number): Promise<number>;
  /** Opens what is missing of the applications' own ports and closes the others; their requests finish. */
  keep(ports: readonly number[]): Promise<readonly PortOutcome[]>;
  /** Resolves when the last connection is closed, of its own accord or after `drainMs`. */
  close(drainMs: number): Promise<void>;
}

export function createListeners(host: string, createOwn: (port: number) => Server): Listeners {
  const servers = new Set<Server>();
  const sockets = new Set<Socket>();
  const own = new Map<number, Server>();

  const open = async (server: Server, onHost: string, port: number): Promise<number> => {
    await listen(server, onHost, port);
    servers.add(server);
    deliverBeforeClosing(server, sockets);
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    });
    server.once('close', () => servers.delete(server));
    return boundPort(server);
  };
  const bind = async (port: number): Promise<PortOutcome> => {
    if (own.has(port)) return { port, state: 'bound' };
    const server = createOwn(port);
    try {
      await open(server, host, port);
    } catch (error) {
      return { port, state: 'conflict', reason: reasonOf(error) };
    }
    own.set(port, server);
    return { port, state: 'bound' };
  };
  const release = (port: number): void => {
    const server = own.get(port);
    own.delete(port);
    if (server !== undefined) void closeServer(server);
  };

  return {
    open,
    async keep(ports) {
      const wanted = new Set(ports);
      for (const port of own.keys()) if (!wanted.has(port)) release(port);
      return Promise.all([...wanted].map(bind));
    },
    async close(drainMs) {
      const closed = Promise.all([...servers].map(closeServer));
      // Not `closeAllConnections`: it does not know those that have become WebSockets.
      const deadline = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, drainMs);
      await closed;
      clearTimeout(deadline);
    },
  };
}

/** Ends connections as they fall idle; a plain `close` would wait for their keep-alive to run out. */
function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const sweep = setInterval(() => server.closeIdleConnections(), 50).unref();
    server.close(() => {
      clearInterval(sweep);
      resolve();
    });
  });
}

/**
 * Node takes a connection for idle once its answer has ended, though its client may not have taken all of it by far. It cannot be told to
 * leave one out: those that still deliver, of whatever server, are not to be destroyed while it looks.
 */
function deliverBeforeClosing(server: Server, sockets: ReadonlySet<Socket>): void {
  const closeIdle = server.closeIdleConnections.bind(server);
  server.closeIdleConnections = () => {
    const delivering: Partial<Socket>[] = [...sockets].filter(
      (socket) => socket.writableLength > 0,
    );
    for (const socket of delivering) socket.destroy = () => socket as Socket;
    closeIdle();
    for (const socket of delivering) delete socket.destroy;
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function boundPort(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && 'code' in error) return String(error.code);
  return String(error);
}
