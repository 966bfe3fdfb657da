import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';

/** What a handler has noted down, read as it grows: reading all of it again and again would take time of what is measured. */
export interface Arrivals extends AsyncDisposable {
  /** Times of all arrivals of each number, as `preciseNow` has them. */
  readonly times: ReadonlyMap<number, readonly number[]>;
  /** Of all of them. */
  readonly last: number;
  read(): Promise<void>;
  /** Reads until so many different ones have arrived. @throws where they have not in time */
  reach(count: number, timeoutMs?: number): Promise<void>;
}

const pollMs = 20;

/** ms, in fractions, of the clock that all processes of a machine share and nobody sets: the handler's. */
export function preciseNow(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export async function openArrivals(file: string): Promise<Arrivals> {
  return new GrowingArrivals(await open(file));
}

class GrowingArrivals implements Arrivals {
  readonly times = new Map<number, number[]>();
  last = 0;
  readonly #file: FileHandle;
  readonly #chunk = Buffer.alloc(1024 * 1024);
  #rest = '';

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async read(): Promise<void> {
    for (;;) {
      const { bytesRead } = await this.#file.read(this.#chunk);
      if (bytesRead === 0) return;
      const lines = (this.#rest + this.#chunk.toString('latin1', 0, bytesRead)).split('\n');
      this.#rest = lines.pop() ?? '';
      for (const line of lines) this.#take(line);
    }
  }

  async reach(count: number, timeoutMs = 120_000): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      await this.read();
      if (this.times.size >= count) return;
      if (performance.now() > deadline)
        throw new Error(`${this.times.size} of ${count} arrived within ${timeoutMs / 1000} s`);
      await wait(pollMs);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#file.close();
  }

  #take(line: string): void {
    const [number = 0, at = 0] = line.split(' ').map(Number);
    this.times.set(number, [...(this.times.get(number) ?? []), at]);
    this.last = Math.max(this.last, at);
  }
}
