/** Waiting comes from outside, like time itself, so that a year of schedules is tested in a moment. */
export interface Timers {
  /** Returns the way to call it off. */
  after(delayMs: number, run: () => void): () => void;
}

export const realTimers: Timers = {
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};
