import type { Command, StatementResult, ThreadOptions } from './messages.ts';
import { type DatabaseThread, ThreadClient } from './thread-client.ts';

/** Ends its thread, which takes some 10 MB, when nobody has asked anything of it for a while. The next command starts another one. */
export class RestingThread implements DatabaseThread {
  onChanged: () => void = () => {};
  onAnswers: () => void = () => {};
  /** Whether a transaction is open: no other thread can go on with it. */
  isBound: () => boolean = () => false;
  readonly #options: ThreadOptions;
  readonly #restMs: number;
  #thread: Promise<ThreadClient> | undefined;
  /** The one that was started last. */
  #client: ThreadClient | undefined;
  /** Of all threads that were before. Never rejected. */
  #ended: Promise<unknown> = Promise.resolve();
  #isWatching = false;
  #timer: NodeJS.Timeout | undefined;
  #asked = 0;
  #answered = Promise.withResolvers<void>();
  #closing: Promise<void> | undefined;

  /** Resolves once the file is open. */
  static async start(options: ThreadOptions, restMs: number): Promise<RestingThread> {
    const thread = new RestingThread(options, restMs);
    await thread.#awake();
    thread.#restLater();
    return thread;
  }

  private constructor(options: ThreadOptions, restMs: number) {
    this.#options = options;
    this.#restMs = restMs;
  }

  async send(command: Command): Promise<readonly StatementResult[]> {
    if (this.#closing !== undefined)
      throw new Error(`The database ${this.#options.file} is closed`);
    clearTimeout(this.#timer);
    this.#asked += 1;
    try {
      // Whoever waits here goes on in the order in which he came.
      const thread = await this.#awake();
      return await thread.send(command);
    } finally {
      this.#asked -= 1;
      if (this.#asked === 0) this.#becomeQuiet();
    }
  }

  watch(on: boolean): void {
    this.#isWatching = on;
    // One that rests has nothing to stop, and a closed database nothing to watch.
    if (on || this.#thread !== undefined) this.send({ kind: 'watch', on }).catch(() => {});
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#asked > 0) await this.#answered.promise;
    const ended = this.#end();
    await this.#ended;
    await ended;
  }

  #becomeQuiet(): void {
    this.#answered.resolve();
    this.#answered = Promise.withResolvers();
    this.#restLater();
  }

  #awake(): Promise<ThreadClient> {
    // What has failed is replaced, but for who would go on in the midst of a transaction.
    if (this.#client?.hasEnded === true && !this.isBound()) void this.#end().catch(() => {});
    this.#thread ??= this.#start();
    return this.#thread;
  }

  async #start(): Promise<ThreadClient> {
    try {
      const thread = await ThreadClient.start(this.#options);
      thread.onChanged = () => this.onChanged();
      thread.onAnswers = () => this.onAnswers();
      if (this.#isWatching) thread.watch(true);
      this.#client = thread;
      return thread;
    } catch (error) {
      this.#thread = undefined;
      throw error;
    }
  }

  /** Rejects where it has not ended well. One that did not start has ended. */
  #end(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    this.#client = undefined;
    const close = async (): Promise<void> => (await thread?.catch(() => undefined))?.close();
    const closed = close();
    this.#ended = Promise.allSettled([this.#ended, closed]);
    return closed;
  }

  #restLater(): void {
    clearTimeout(this.#timer);
    if (this.#closing !== undefined) return;
    this.#timer = setTimeout(() => {
      // Whether it ended well is told to whoever asks next, by another one.
      if (this.isBound() || this.#isWatching) this.#restLater();
      else this.#end().catch(() => {});
    }, this.#restMs).unref();
  }
}
