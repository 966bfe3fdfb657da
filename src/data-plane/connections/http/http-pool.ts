import type { Socket } from 'node:net';
import { HttpFailure } from './failures.ts';
import {
  HttpConnection,
  type HttpConnectionLimits,
  type HttpConnectionOwner,
  type HttpRequest,
  type ResponseTaker,
} from './http-connection.ts';
import { createIdleConnections } from './idle-connections.ts';

export interface HttpPoolLimits extends HttpConnectionLimits {
  readonly connections: number;
}

/** Connections to the same place. Where all are taken a request waits for its turn. */
export interface HttpPool extends Disposable {
  send(request: HttpRequest, taker: ResponseTaker): void;
  /** Nobody wants an answer any more. True where the request still waited for its turn: nothing more is called. */
  withdraw(taker: ResponseTaker): boolean;
  /** Takes no more. Resolves when all that it carries is over. */
  close(): Promise<void>;
}

export function createHttpPool(connect: () => Socket, limits: HttpPoolLimits): HttpPool {
  const idle = createIdleConnections();
  const all = new Set<HttpConnection>();
  /** In the order in which they came. */
  const waiting = new Map<ResponseTaker, HttpRequest>();
  const closed = Promise.withResolvers<void>();
  let isClosing = false;

  const open = (): HttpConnection => {
    const connection = new HttpConnection(connect(), limits, owner);
    all.add(connection);
    return connection;
  };
  /** @returns whether one waited */
  const sendNext = (connection: () => HttpConnection): boolean => {
    for (const [taker, request] of waiting) {
      waiting.delete(taker);
      connection().send(request, taker);
      return true;
    }
    return false;
  };
  const owner: HttpConnectionOwner = {
    onFree(connection) {
      if (sendNext(() => connection)) return;
      if (isClosing) connection.destroy();
      else idle.add(connection);
    },
    onClosed(connection) {
      all.delete(connection);
      idle.remove(connection);
      if (!sendNext(open) && isClosing && all.size === 0) closed.resolve();
    },
  };
  return {
    send(request, taker) {
      const free = isClosing ? undefined : idle.take();
      if (isClosing) taker.onFailure(isBeingClosed());
      else if (free !== undefined) free.send(request, taker);
      else if (all.size < limits.connections) open().send(request, taker);
      else waiting.set(taker, request);
    },
    withdraw: (taker) => waiting.delete(taker),
    close() {
      isClosing = true;
      idle.destroyAll();
      if (all.size === 0) closed.resolve();
      return closed.promise;
    },
    [Symbol.dispose]() {
      isClosing = true;
      const unsent = [...waiting.keys()];
      waiting.clear();
      for (const connection of all) connection.destroy();
      for (const taker of unsent) taker.onFailure(isBeingClosed());
    },
  };
}

function isBeingClosed(): HttpFailure {
  return new HttpFailure('LET_GO', 'It is being closed.');
}
