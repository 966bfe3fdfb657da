import type { HttpConnection } from './http-connection.ts';

const sweepMs = 1_000;

/** Connections that wait for their next request. */
export interface IdleConnections {
  readonly size: number;
  /** One that is not to be used any more is ended at once. */
  add(connection: HttpConnection): void;
  /** The one that has waited shortest, which is the least likely to have ended. */
  take(): HttpConnection | undefined;
  remove(connection: HttpConnection): void;
  destroyAll(): void;
}

export function createIdleConnections(): IdleConnections {
  let waiting: HttpConnection[] = [];
  let sweeping: NodeJS.Timeout | undefined;

  const sweep = (): void => {
    sweeping = undefined;
    const now = performance.now();
    const [good = [], old = []] = partition(waiting, (one) => one.isGoodAt(now));
    waiting = good;
    for (const one of old) one.destroy();
    sweepLater();
  };
  const sweepLater = (): void => {
    if (waiting.length > 0) sweeping ??= setTimeout(sweep, sweepMs).unref();
  };
  return {
    get size() {
      return waiting.length;
    },
    add(connection) {
      if (connection.isGoodAt(performance.now())) waiting.push(connection);
      else connection.destroy();
      sweepLater();
    },
    take() {
      const now = performance.now();
      for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
        if (one.isGoodAt(now)) return one;
        one.destroy();
      }
      return undefined;
    },
    remove(connection) {
      const at = waiting.indexOf(connection);
      if (at >= 0) waiting.splice(at, 1);
    },
    destroyAll() {
      for (const one of waiting.splice(0)) one.destroy();
      clearTimeout(sweeping);
      sweeping = undefined;
    },
  };
}

function partition<T>(all: readonly T[], isFirst: (one: T) => boolean): readonly [T[], T[]] {
  const first: T[] = [];
  const second: T[] = [];
  for (const one of all) (isFirst(one) ? first : second).push(one);
  return [first, second];
}
