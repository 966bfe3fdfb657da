import { StoreUnavailable } from '../../../core/store-failure.ts';

interface Bounds {
  readonly atOnce: number;
  readonly waiting: number;
  readonly waitMs: number;
}

interface Waiting {
  readonly start: () => void;
  readonly timer: NodeJS.Timeout;
}

/** Lets so many go on at once. The others wait in the order in which they came: so many of them, and not for ever. */
export class Turns {
  readonly #bounds: Bounds;
  readonly #waiting = new Set<Waiting>();
  #running = 0;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  /** @throws StoreUnavailable where too many wait, or it has waited too long */
  async run<T>(work: () => Promise<T>): Promise<T> {
    await this.#begin();
    try {
      return await work();
    } finally {
      this.#end();
    }
  }

  #begin(): Promise<void> {
    const { atOnce, waiting, waitMs } = this.#bounds;
    if (this.#running < atOnce) {
      this.#running += 1;
      return Promise.resolve();
    }
    if (this.#waiting.size >= waiting)
      return Promise.reject(new StoreUnavailable(new Error(`${waiting} commits wait already`)));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(mine);
        reject(new StoreUnavailable(new Error(`A commit has waited for ${waitMs} ms`)));
      }, waitMs);
      const mine = { start: resolve, timer };
      this.#waiting.add(mine);
    });
  }

  /** Whoever waits longest takes over the place. */
  #end(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#running -= 1;
      return;
    }
    this.#waiting.delete(next);
    clearTimeout(next.timer);
    next.start();
  }
}
