import { describeFailure, explainFullDisk, Failure } from '../../core/failure.ts';
import {
  type Operation,
  type OperationState,
  stepDeadlineMs,
  stepGraceMs,
} from '../../core/operation.ts';
import type { ReportEntry } from '../../core/report.ts';
import { FencedOff, StoreUnavailable } from '../../core/store-failure.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Change, Fence, Store } from '../../ports/store.ts';
import { leaveBehind } from './leave-behind.ts';

/** Most steps of a redeploy are over before: each would wait for the disk twice. */
const quickMs = 25;

/** What a step may do besides its work: tell people, and write together with being recorded as done. */
export interface StepScope {
  readonly signal: AbortSignal;
  report(type: ReportEntry['type'], title: string, message?: string): void;
  change(...changes: readonly Change[]): void;
  /** Shown until the step ends, or says something else. */
  say(title: string, message?: string): void;
}

export interface StepOptions {
  /** Title of the report entry when the step fails. */
  readonly failed: string;
  /** Shown while the step runs; its own entries replace it. */
  readonly starting?: string;
  readonly application?: string;
  /** It fails after this; `stepDeadlineMs` where it does not say. */
  readonly deadlineMs?: number;
  /** It does no harm to run it again: where it changes nothing and is over at once, its record goes with the next commit. */
  readonly mayRepeat?: boolean;
}

/**
 * One attempt at an operation. A finished step is recorded with its result, its report entries and its changes in one
 * fenced commit, which may hold the records of others before it: a later attempt takes the result, and a worker that lost
 * its lease can write nothing.
 */
export class OperationRun {
  readonly operation: Operation;
  readonly signal: AbortSignal;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #done: Map<string, unknown>;
  /** Records of steps that go with the next commit. */
  readonly #waiting: Change[] = [];
  #flushing: NodeJS.Timeout | undefined;
  /** The newest commit. */
  #written = Promise.resolve();

  constructor(given: {
    readonly operation: Operation;
    readonly store: Store;
    readonly clock: Clock;
    readonly signal: AbortSignal;
    readonly steps: readonly { readonly name: string; readonly result: unknown }[];
  }) {
    this.operation = given.operation;
    this.signal = given.signal;
    this.#store = given.store;
    this.#clock = given.clock;
    this.#done = new Map(given.steps.map((step) => [step.name, step.result]));
  }

  /**
   * Runs the step, or answers what it answered before. `T` must survive JSON.
   * @throws StepFailure, the signal's reason, FencedOff where another worker has the operation, or StoreUnavailable where
   * nobody knows what is recorded
   */
  async step<T>(
    name: string,
    options: StepOptions,
    work: (scope: StepScope) => Promise<T>,
  ): Promise<T> {
    if (this.#done.has(name)) return this.#done.get(name) as T;
    this.signal.throwIfAborted();
    const entries: ReportEntry[] = [];
    const changes: Change[] = [];
    let said = Promise.resolve();
    const { deadlineMs = stepDeadlineMs } = options;
    const deadline = AbortSignal.timeout(deadlineMs);
    const signal = AbortSignal.any([this.signal, deadline]);
    const scope: StepScope = {
      signal,
      report: (type, title, message) =>
        entries.push(this.entry(type, title, message, options.application)),
      change: (...more) => changes.push(...more),
      say: (title, message) => {
        const entry = this.entry('Information', title, message, options.application);
        const write = () => this.commit([this.#entries(name, [entry])]);
        // Where it cannot be written, the commit at the end of the step finds out.
        said = said.then(() => begin().then(write)).catch(() => undefined);
      },
    };
    const beginning = this.#beginning(name, options);
    let begun: Promise<void> | undefined;
    const begin = (): Promise<void> => (begun ??= this.commit(beginning));
    // Whoever has lost the operation does not begin what cannot be undone.
    if (options.starting !== undefined && !options.mayRepeat) await begin();
    // What is over before anybody could look is written down with its end. That this failed is found out below.
    const timer = setTimeout(() => begin().catch(() => undefined), quickMs);
    try {
      const result = await leaveBehind(work(scope), { signal, graceMs: stepGraceMs });
      clearTimeout(timer);
      await said;
      await begun;
      const record = [
        ...(begun === undefined ? beginning : []),
        ...changes,
        ...this.#ending(name, result, entries),
      ];
      const mayWait = options.mayRepeat && begun === undefined && changes.length === 0;
      if (mayWait) this.#commitLater(record);
      else await this.commit(record);
      this.#done.set(name, result);
      return result;
    } catch (error) {
      this.signal.throwIfAborted();
      if (error instanceof FencedOff || error instanceof StoreUnavailable) throw error;
      // Where it cannot be written, the end of the operation finds out.
      await begin().catch(() => undefined);
      const cause = deadline.aborted ? late(deadlineMs) : explainFullDisk(error);
      throw new StepFailure(name, options, entries, cause);
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * From here on the operation cannot be cancelled.
   * @throws CancelRequested where that has happened already
   */
  async forbidCancel(reason: string): Promise<void> {
    const operationId = this.operation.id;
    await this.#commit([{ kind: 'forbid-cancel', operationId, reason }], { unlessCancelled: true });
  }

  /**
   * The last commit of the operation, whichever way it ended.
   * @throws CancelRequested where it is to succeed and somebody has asked to cancel it
   */
  async finish(
    state: OperationState,
    changes: readonly Change[],
    last?: { step: string; entries: ReportEntry[] },
  ) {
    const operationId = this.operation.id;
    await this.#commit(
      [
        ...(last === undefined ? [] : [this.#entries(last.step, last.entries)]),
        ...changes,
        { kind: 'finish-operation', operationId, state, finishedAt: this.#clock.now() },
      ],
      { unlessCancelled: state === 'succeeded' },
    );
  }

  entry(
    type: ReportEntry['type'],
    title: string,
    message?: string,
    application?: string,
  ): ReportEntry {
    return {
      type,
      title,
      ...(message === undefined ? {} : { message }),
      ...(application === undefined ? {} : { application }),
      createdAt: new Date(this.#clock.now()).toISOString(),
    };
  }

  #beginning(step: string, { starting, application }: StepOptions): readonly Change[] {
    const operationId = this.operation.id;
    return [
      { kind: 'begin-step', operationId, step, startedAt: this.#clock.now() },
      ...(starting === undefined
        ? []
        : [this.#entries(step, [this.entry('Information', starting, undefined, application)])]),
    ];
  }

  #ending(name: string, result: unknown, entries: readonly ReportEntry[]): readonly Change[] {
    const operationId = this.operation.id;
    const finishedAt = this.#clock.now();
    return [
      this.#entries(name, entries),
      { kind: 'put-step', operationId, step: { name, result }, finishedAt },
    ];
  }

  #entries(step: string, entries: readonly ReportEntry[]): Change {
    return { kind: 'put-entries', reportId: this.operation.input.reportId, step, entries };
  }

  /** A fenced commit in the middle of a step, for what others must see before the step ends. */
  commit(changes: readonly Change[]): Promise<void> {
    return this.#commit(changes, {});
  }

  /** Writes down now what waits for the next commit, and resolves when nothing is under way. */
  flush(): Promise<void> {
    return this.commit([]);
  }

  /** Soon, whether or not something else is to be committed. That this failed is found out by what is. */
  #commitLater(changes: readonly Change[]): void {
    this.#waiting.push(...changes);
    this.#flushing ??= setTimeout(() => this.flush().catch(() => undefined), quickMs);
  }

  /** One after another: a database that takes several at once would take them in any order. */
  #commit(changes: readonly Change[], more: Pick<Fence, 'unlessCancelled'>): Promise<void> {
    const write = () => this.#write(changes, more);
    const written = this.#written.then(write, write);
    this.#written = written;
    return written;
  }

  async #write(changes: readonly Change[], more: Pick<Fence, 'unlessCancelled'>): Promise<void> {
    const { id: operationId, attempt, state } = this.operation;
    const whileQueued = state === 'queued';
    const waiting = this.#waiting.splice(0);
    clearTimeout(this.#flushing);
    this.#flushing = undefined;
    if (waiting.length + changes.length === 0) return;
    try {
      const fence = { operationId, attempt, whileQueued, ...more };
      await this.#store.commit([...waiting, ...changes], fence);
    } catch (error) {
      this.#waiting.unshift(...waiting);
      throw error;
    }
  }
}

function late(deadlineMs: number): Failure {
  return new Failure(`It was not done after ${Math.round(deadlineMs / 1000)} s and was stopped.`, {
    nextStep: 'Try again; if it happens again, look at what the machine and the log say.',
  });
}

/** A step that failed, with everything its report entry needs. */
export class StepFailure extends Error {
  readonly step: string;
  readonly options: StepOptions;
  /** What the step had reported before it failed. */
  readonly entries: readonly ReportEntry[];

  constructor(step: string, options: StepOptions, entries: readonly ReportEntry[], cause: unknown) {
    super(describeFailure(cause), { cause });
    this.name = 'StepFailure';
    this.step = step;
    this.options = options;
    this.entries = entries;
  }
}
