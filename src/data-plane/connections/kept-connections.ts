import { Agent, type ClientRequestArgs } from 'node:http';
import type { Duplex } from 'node:stream';
import { type LocalAddress, nameOfAddress } from '../../core/local-address.ts';
import { connectTo } from './connect-to.ts';

/** Connections to instances that wait for the next request, so that it needs none of its own. */
export interface KeptConnections extends Disposable {
  /** For requests to where an instance answers: `{ ...address, agent }`. */
  readonly agent: Agent;
  /** Lets go of all others: those that wait now, those under way when they are over. */
  keep(addresses: Iterable<LocalAddress>): void;
}

/**
 * Below what servers themselves wait (Node's: 5 s), so that rarely one ends what is just being used. One that says how long it waits is
 * taken at its word by Node.
 */
const longestIdleMs = 2_000;

export function openKeptConnections(waitingForEach: number): KeptConnections {
  const agent = new InstanceAgent({
    keepAlive: true,
    maxFreeSockets: waitingForEach,
    timeout: longestIdleMs,
  });
  return {
    agent,
    keep(addresses) {
      agent.kept = new Set([...addresses].map(nameOfAddress));
      for (const [name, sockets] of Object.entries(agent.freeSockets))
        if (!agent.kept.has(name)) for (const socket of sockets ?? []) socket.destroy();
    },
    [Symbol.dispose]: () => agent.destroy(),
  };
}

class InstanceAgent extends Agent {
  /** By name. */
  kept: ReadonlySet<string> = new Set();
  readonly #names = new WeakMap<Duplex, string>();

  override createConnection(options: ClientRequestArgs): Duplex {
    const address = addressOf(options);
    const socket = connectTo(address);
    this.#names.set(socket, nameOfAddress(address));
    return socket;
  }

  override getName(options: ClientRequestArgs = {}): string {
    return nameOfAddress(addressOf(options));
  }

  /** Node keeps it unless this answers false; its types know nothing of an answer. */
  override keepSocketAlive(socket: Duplex): boolean {
    const isUsable: unknown = super.keepSocketAlive(socket);
    return isUsable === true && this.kept.has(this.#names.get(socket) ?? '');
  }
}

function addressOf({ socketPath, host, port }: ClientRequestArgs): LocalAddress {
  return socketPath ? { socketPath } : { host: String(host), port: Number(port) };
}
