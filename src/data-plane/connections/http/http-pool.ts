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
  /** Takes no more. Resolves when all that it carries is over. */
  close(): Promise<void>;
}

interface Waiting {
  readonly request: HttpRequest;
  readonly taker: ResponseTaker;
}

export function createHttpPool(connect: () => Socket, limits: HttpPoolLimits): HttpPool {
  const idle = createIdleConnections();
  const all = new Set<HttpConnection>();
  const waiting: Waiting[] = [];
  const closed = Promise.withResolvers<void>();
  let isClosing = false;

  const open = (): HttpConnection => {
    const connection = new HttpConnection(connect(), limits, owner);
    all.add(connection);
    return connection;
  };
  const owner: HttpConnectionOwner = {
    onFree(connection) {
      const next = waiting.shift();
      if (next !== undefined) connection.send(next.request, next.taker);
      else if (isClosing) connection.destroy();
      else idle.add(connection);
    },
    onClosed(connection) {
      all.delete(connection);
      idle.remove(connection);
      const next = waiting.shift();
      if (next !== undefined) open().send(next.request, next.taker);
      else if (isClosing && all.size === 0) closed.resolve();
    },
  };
  return {
    send(request, taker) {
      const free = isClosing ? undefined : idle.take();
      if (isClosing) taker.onFailure(new HttpFailure('ANSWER_CUT_OFF', 'It is being closed.'));
      else if (free !== undefined) free.send(request, taker);
      else if (all.size < limits.connections) open().send(request, taker);
      else waiting.push({ request, taker });
    },
    close() {
      isClosing = true;
      idle.destroyAll();
      if (all.size === 0) closed.resolve();
      return closed.promise;
    },
    [Symbol.dispose]() {
      isClosing = true;
      const unsent = waiting.splice(0);
      for (const connection of all) connection.destroy();
      for (const { taker } of unsent)
        taker.onFailure(new HttpFailure('ANSWER_CUT_OFF', 'It is being closed.'));
    },
  };
}
