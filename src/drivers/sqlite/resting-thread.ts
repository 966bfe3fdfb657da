import type { Command, StatementResult, ThreadOptions } from './messages.ts';
import { type DatabaseThread, ThreadClient } from './thread-client.ts';

/** Ends its thread, which takes some 10 MB, when nobody has asked anything of it for a while. The next command starts another one. */
export class RestingThread implements DatabaseThread {
  onChanged: () => void = () => {};
  onAnswers: () => void = () => {};
  /** False while what the thread itself remembers is needed. */
  mayRest: () => boolean = () => true;
  readonly #options: ThreadOptions;
  readonly #restMs: number;
  #thread: Promise<ThreadClient> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #asked = 0;
  #isClosed = false;

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
    clearTimeout(this.#timer);
    this.#asked += 1;
    try {
      // Whoever waits here goes on in the order in which he came.
      const thread = await this.#awake();
      return await thread.send(command);
    } finally {
      this.#asked -= 1;
      if (this.#asked === 0) this.#restLater();
    }
  }

  watch(on: boolean): void {
    // A closed database has nothing to watch.
    this.send({ kind: 'watch', on }).catch(() => {});
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#endThread();
  }

  async #endThread(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    await (await thread)?.close();
  }

  async #awake(): Promise<ThreadClient> {
    if (this.#isClosed) throw new Error(`The database ${this.#options.file} is closed`);
    this.#thread ??= this.#start();
    return this.#thread;
  }

  async #start(): Promise<ThreadClient> {
    try {
      const thread = await ThreadClient.start(this.#options);
      thread.onChanged = () => this.onChanged();
      thread.onAnswers = () => this.onAnswers();
      return thread;
    } catch (error) {
      this.#thread = undefined;
      throw error;
    }
  }

  #restLater(): void {
    clearTimeout(this.#timer);
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      // Whether it ended well is told to whoever asks next, by another one.
      if (this.mayRest()) this.#endThread().catch(() => {});
      else this.#restLater();
    }, this.#restMs).unref();
  }
}
