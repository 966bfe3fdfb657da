import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { toError } from './errors.ts';
import type { Answers, Command, Reply, StatementResult, ThreadOptions } from './messages.ts';

interface Waiting {
  readonly resolve: (results: readonly StatementResult[]) => void;
  readonly reject: (error: Error) => void;
}

/** The caller's half of the database thread: a command goes out, its results come back. */
export interface DatabaseThread {
  /** Called when this or another connection has committed, while watching. */
  onChanged: () => void;
  /** Called before anybody hears what the thread has done. */
  onAnswers: () => void;
  /** They are done in the order in which they were sent. */
  send(command: Command): Promise<readonly StatementResult[]>;
  watch(on: boolean): void;
  /** Ends the thread after everything it was sent before. */
  close(): Promise<void>;
}

/** One thread, from its start to its end. */
export class ThreadClient implements DatabaseThread {
  readonly #worker: Worker;
  readonly #file: string;
  readonly #waiting = new Map<number, Waiting>();
  readonly #ended: Promise<void>;
  onChanged: () => void = () => {};
  onAnswers: () => void = () => {};
  #end: Error | undefined;
  #closing: Promise<void> | undefined;
  #lastId = 0;

  /** Starts the thread and resolves once it has opened the file. */
  static async start(options: ThreadOptions): Promise<ThreadClient> {
    const client = new ThreadClient(options);
    await client.#wait(0);
    return client;
  }

  private constructor(options: ThreadOptions) {
    this.#file = options.file;
    // The ending is this file's own: .ts from source, .js once compiled.
    const program = new URL(`./thread${extname(import.meta.url)}`, import.meta.url);
    this.#worker = new Worker(program, { workerData: options, name: 'sqlite' });
    this.#worker.on('message', (answers: Answers) => this.#receive(answers));
    this.#worker.on('error', (cause) => {
      this.#fail(new Error(`The thread of the database ${options.file} has failed`, { cause }));
    });
    this.#ended = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.#fail(new Error(`The database ${options.file} is closed`));
        resolve();
      });
    });
  }

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  send(command: Command): Promise<readonly StatementResult[]> {
    if (this.#closing !== undefined)
      return Promise.reject(new Error(`The database ${this.#file} is closed`));
    return this.#post(command);
  }

  #post(command: Command): Promise<readonly StatementResult[]> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    this.#lastId += 1;
    const id = this.#lastId;
    this.#worker.postMessage({ ...command, id });
    return this.#wait(id);
  }

  watch(on: boolean): void {
    // A closed database has nothing to watch.
    this.send({ kind: 'watch', on }).catch(() => {});
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#end === undefined) await this.#post({ kind: 'close' });
    this.#worker.ref();
    await this.#ended;
  }

  /** Only what somebody waits for keeps the process alive. */
  #wait(id: number): Promise<readonly StatementResult[]> {
    if (this.#waiting.size === 0) this.#worker.ref();
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #receive(answers: Answers): void {
    this.onAnswers();
    for (const reply of answers.replies) this.#settle(reply);
    if (this.#waiting.size === 0 && this.#closing === undefined) this.#worker.unref();
    if (answers.changed) this.onChanged();
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ('error' in reply) waiting?.reject(toError(reply.error, this.#file));
    else waiting?.resolve(reply.results);
  }

  #fail(error: Error): void {
    this.#end ??= error;
    for (const waiting of this.#waiting.values()) waiting.reject(this.#end);
    this.#waiting.clear();
  }
}
