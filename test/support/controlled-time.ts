import type { Timers } from '../../src/data-plane/jobs/timers.ts';
import type { Clock } from '../../src/ports/clock.ts';

/** Time that passes when it is told to, with every timer that is due on the way. */
export class ControlledTime implements Timers, Clock {
  #now: number;
  /** Timers know how much time passes, and nothing of the clock. */
  #passed = 0;
  readonly #due = new Map<symbol, { readonly at: number; readonly run: () => void }>();

  constructor(start = '2026-01-01T00:00:00.000Z') {
    this.#now = Date.parse(start);
  }

  readonly now = (): number => this.#now;

  after(delayMs: number, run: () => void): () => void {
    const key = Symbol('timer');
    this.#due.set(key, { at: this.#passed + delayMs, run });
    return () => void this.#due.delete(key);
  }

  get timers(): number {
    return this.#due.size;
  }

  /** How long until the next timer. */
  get untilNext(): number | undefined {
    const times = [...this.#due.values()].map(({ at }) => at);
    return times.length === 0 ? undefined : Math.max(0, Math.min(...times) - this.#passed);
  }

  pass(ms: number): void {
    const until = this.#passed + ms;
    for (;;) {
      const [next] = [...this.#due].toSorted(([, one], [, other]) => one.at - other.at);
      if (next === undefined || next[1].at > until) break;
      this.#due.delete(next[0]);
      this.#goTo(Math.max(this.#passed, next[1].at));
      next[1].run();
    }
    this.#goTo(until);
  }

  /** As when a machine sleeps or its clock is set, forward or back: no timer notices. */
  setClock(byMs: number): void {
    this.#now += byMs;
  }

  #goTo(passed: number): void {
    this.#now += passed - this.#passed;
    this.#passed = passed;
  }
}
