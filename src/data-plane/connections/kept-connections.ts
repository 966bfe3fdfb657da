import { type LocalAddress, nameOfAddress } from '../../core/local-address.ts';
import { connectTo } from './connect-to.ts';
import {
  HttpConnection,
  type HttpConnectionLimits,
  type HttpConnectionOwner,
} from './http/http-connection.ts';
import { createIdleConnections, type IdleConnections } from './http/idle-connections.ts';

/** Connections to instances that wait for the next request, so that it needs none of its own. Each comes back when it is free. */
export interface KeptConnections extends Disposable {
  /** One that waits, or a new one. */
  take(address: LocalAddress): HttpConnection;
  /** A new one. */
  open(address: LocalAddress): HttpConnection;
  /** Lets go of all others: those that wait now, those under way when they are over. */
  keep(addresses: Iterable<LocalAddress>): void;
  /** How many wait. */
  readonly waiting: number;
}

export interface KeptConnectionLimits {
  /** So many wait for each. */
  readonly waiting: number;
  /** Until an answer begins, and between two pieces of it. */
  readonly answerMs: number;
}

/**
 * Below what servers themselves wait (Node's: 5 s), so that rarely one ends what is just being used. One that says how long it waits is
 * taken at its word.
 */
const idleMs = 2_000;
const connectMs = 10_000;
/** Nobody reads the answers. */
const headBytes = 16 * 1024;

export function openKeptConnections(limits: KeptConnectionLimits): KeptConnections {
  const http: HttpConnectionLimits = { connectMs, answerMs: limits.answerMs, headBytes, idleMs };
  /** Those that wait, by the name of their address. */
  const idle = new Map<string, IdleConnections>();
  const all = new Set<HttpConnection>();
  let kept: ReadonlySet<string> = new Set();

  const open = (address: LocalAddress): HttpConnection => {
    const connection = new HttpConnection(
      connectTo(address),
      http,
      ownerAt(nameOfAddress(address)),
    );
    all.add(connection);
    return connection;
  };
  const ownerAt = (name: string): HttpConnectionOwner => ({
    onFree(connection) {
      const others = idle.get(name) ?? createIdleConnections();
      if (!kept.has(name) || others.size >= limits.waiting) connection.destroy();
      else {
        others.add(connection);
        idle.set(name, others);
      }
    },
    onClosed(connection) {
      all.delete(connection);
      idle.get(name)?.remove(connection);
      if (idle.get(name)?.size === 0) idle.delete(name);
    },
  });
  return {
    take: (address) => idle.get(nameOfAddress(address))?.take() ?? open(address),
    open,
    keep(addresses) {
      kept = new Set([...addresses].map(nameOfAddress));
      for (const [name, waiting] of idle) if (!kept.has(name)) waiting.destroyAll();
    },
    get waiting() {
      return [...idle.values()].reduce((sum, { size }) => sum + size, 0);
    },
    [Symbol.dispose]() {
      for (const connection of all) connection.destroy();
    },
  };
}
