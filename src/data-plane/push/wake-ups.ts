/** Calls back at the times asked for, in steps, and at the latest every `pollMs`. */
export interface WakeUps {
  /** Times after the next poll are left to it. */
  at(time: number): void;
  stop(): void;
}

const stepMs = 20;

export function createWakeUps(now: () => number, pollMs: number, wake: () => void): WakeUps {
  const timers = new Map<number, NodeJS.Timeout>();
  const poll = setInterval(wake, pollMs);
  return {
    at(time) {
      const step = Math.ceil(time / stepMs) * stepMs;
      const delay = step - now();
      if (delay >= pollMs || timers.has(step)) return;
      const timer = setTimeout(() => {
        timers.delete(step);
        wake();
      }, delay);
      timers.set(step, timer);
    },
    stop() {
      clearInterval(poll);
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}
