import { Client } from 'undici';
import { type LocalAddress, nameOfAddress } from '../../core/local-address.ts';
import { connectorTo, originOf } from './connector.ts';

/** Connections to instances that wait for the next request, so that it needs none of its own. */
export interface KeptConnections extends Disposable {
  /** One that waits, or a new one. It is for one request. */
  take(address: LocalAddress): Connection;
  /** A new one. */
  open(address: LocalAddress): Connection;
  /** Lets go of all others: those that wait now, those under way when they are over. */
  keep(addresses: Iterable<LocalAddress>): void;
  readonly limits: ConnectionLimits;
  /** How many wait. */
  readonly waiting: number;
}

export interface Connection {
  readonly client: Client;
  /** It has carried a request before, so that its end may say nothing of this one. */
  readonly wasUsed: boolean;
  /** The request is over, and its answer read. */
  giveBack(): void;
  /** Something went wrong with it. */
  drop(): void;
}

export interface ConnectionLimits {
  /** So many wait for each. */
  readonly waiting: number;
  /** Until an answer begins. */
  readonly answerMs: number;
  /** Between two pieces of an answer. */
  readonly pauseMs: number;
}

/**
 * Below what servers themselves wait (Node's: 5 s), so that rarely one ends what is just being used. One that says how long it waits is
 * taken at its word.
 */
const longestIdleMs = 2_000;

export function openKeptConnections(limits: ConnectionLimits): KeptConnections {
  /** Those that wait, by the name of their address; the one that waits shortest last. */
  const idle = new Map<string, Client[]>();
  const all = new Set<Client>();
  let kept: ReadonlySet<string> = new Set();

  const open = (address: LocalAddress, name: string): Client => {
    const client = new Client(originOf(address), {
      connect: connectorTo(address),
      headersTimeout: limits.answerMs,
      bodyTimeout: limits.pauseMs,
      keepAliveTimeout: longestIdleMs,
    });
    all.add(client);
    client.on('disconnect', () => forget(client, name));
    return client;
  };
  /** Without a connection it is worth nothing any more. */
  const forget = (client: Client, name: string): void => {
    all.delete(client);
    const waiting = idle.get(name)?.filter((one) => one !== client) ?? [];
    if (waiting.length > 0) idle.set(name, waiting);
    else idle.delete(name);
    client.destroy().catch(() => undefined);
  };
  const lend = (name: string, client: Client, wasUsed: boolean): Connection => ({
    client,
    wasUsed,
    giveBack() {
      if (!all.has(client)) return;
      const others = idle.get(name) ?? [];
      const isWanted = kept.has(name) && others.length < limits.waiting;
      if (isWanted) idle.set(name, [...others, client]);
      else forget(client, name);
    },
    drop: () => forget(client, name),
  });
  const openFor = (address: LocalAddress): Connection => {
    const name = nameOfAddress(address);
    return lend(name, open(address, name), false);
  };
  return {
    limits,
    take(address) {
      const name = nameOfAddress(address);
      const waiting = idle.get(name)?.pop();
      return waiting === undefined ? openFor(address) : lend(name, waiting, true);
    },
    open: openFor,
    keep(addresses) {
      kept = new Set([...addresses].map(nameOfAddress));
      for (const [name, clients] of idle)
        if (!kept.has(name)) for (const client of clients) forget(client, name);
    },
    get waiting() {
      return [...idle.values()].flat().length;
    },
    [Symbol.dispose]() {
      for (const client of all) client.destroy().catch(() => undefined);
      all.clear();
      idle.clear();
    },
  };
}
