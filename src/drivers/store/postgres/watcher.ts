import { Client } from 'pg';
import { channel } from './announcer.ts';
import { connectionOptions } from './connections.ts';
import { explainAway } from './errors.ts';
import type { StoreObserver } from './observer.ts';

/** How often the connection is tried: a dead one is noticed, and made again. */
const checkMs = 1000;

/** Rises with every transaction that writes, of whatever database of the server. */
const writtenSoFar = 'select pg_snapshot_xmax(pg_current_snapshot())::text as number';

/**
 * Hears of the commits of other processes by LISTEN, and each second whether anything was written at all. While the
 * server is away it gives a hint each second: whoever reads finds out.
 */
export class Watcher {
  readonly #url: string;
  readonly #own: string;
  readonly #observer: StoreObserver;
  readonly #hints = new Map<symbol, () => void>();
  #client: Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #written = '';
  #scheduled = false;
  #closed = false;

  /** @param own what this process calls itself: of its own commits it hears without the server */
  constructor(url: string, own: string, observer: StoreObserver) {
    this.#url = url;
    this.#own = own;
    this.#observer = observer;
  }

  add(hint: () => void): () => void {
    const key = Symbol('watcher');
    this.#hints.set(key, hint);
    if (this.#timer === undefined && !this.#closed) this.#checkIn(0);
    return () => {
      this.#hints.delete(key);
    };
  }

  /** Commits that come in one turn of the event loop make one hint. */
  hint(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#closed) return;
      for (const hint of [...this.#hints.values()]) hint();
    });
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
      const client = this.#client ?? (await this.#listen());
      if (client !== undefined) await this.#compare(client);
    } catch (error) {
      this.#drop();
      if (!this.#closed) this.#observer.failed(explainAway(error));
      this.hint();
    }
    if (!this.#closed) this.#checkIn(checkMs);
  }

  async #compare(client: Client): Promise<void> {
    const { rows } = await client.query<{ number: string }>(writtenSoFar);
    this.#observer.answered();
    const written = rows[0]?.number ?? '';
    if (written !== this.#written) this.hint();
    this.#written = written;
  }

  async #listen(): Promise<Client | undefined> {
    const client = new Client(connectionOptions(this.#url));
    client.on('error', () => {
      if (client === this.#client) this.#drop();
    });
    client.on('notification', ({ payload }) => {
      if (payload !== this.#own) this.hint();
    });
    try {
      await client.connect();
      await client.query(`listen ${channel}`);
    } catch (error) {
      void client.end().catch(() => {});
      throw error;
    }
    if (this.#closed) {
      await client.end().catch(() => {});
      return undefined;
    }
    this.#client = client;
    // What came before it listened.
    this.hint();
    return client;
  }

  #drop(): void {
    const client = this.#client;
    this.#client = undefined;
    void client?.end().catch(() => {});
  }
}
