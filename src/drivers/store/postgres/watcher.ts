import { Client } from 'pg';
import { channel } from './commit.ts';
import { connectionOptions } from './connections.ts';

/** How often the connection is tried: a dead one is noticed, and made again. */
const checkMs = 1000;

/** Tells of commits by LISTEN. While the server is away it gives a hint each second: whoever reads finds out. */
export class Watcher {
  readonly #url: string;
  readonly #hints = new Map<symbol, () => void>();
  #client: Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #scheduled = false;
  #closed = false;

  constructor(url: string) {
    this.#url = url;
  }

  add(hint: () => void): () => void {
    const key = Symbol('watcher');
    this.#hints.set(key, hint);
    if (this.#timer === undefined && !this.#closed) this.#checkIn(0);
    return () => {
      this.#hints.delete(key);
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => {});
  }

  #checkIn(ms: number): void {
    this.#timer = setTimeout(() => void this.#check(), ms);
    this.#timer.unref();
  }

  async #check(): Promise<void> {
    try {
      if (this.#client === undefined) await this.#listen();
      else await this.#client.query('select 1');
    } catch {
      this.#drop();
      this.#hint();
    }
    if (!this.#closed) this.#checkIn(checkMs);
  }

  async #listen(): Promise<void> {
    const client = new Client(connectionOptions(this.#url));
    client.on('error', () => {
      if (client === this.#client) this.#drop();
    });
    client.on('notification', () => this.#hint());
    try {
      await client.connect();
      await client.query(`listen ${channel}`);
    } catch (error) {
      void client.end().catch(() => {});
      throw error;
    }
    if (this.#closed) {
      await client.end().catch(() => {});
      return;
    }
    this.#client = client;
    // What came before it listened.
    this.#hint();
  }

  #drop(): void {
    const client = this.#client;
    this.#client = undefined;
    void client?.end().catch(() => {});
  }

  /** Commits that come in one turn of the event loop make one hint. */
  #hint(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#closed) return;
      for (const hint of [...this.#hints.values()]) hint();
    });
  }
}
