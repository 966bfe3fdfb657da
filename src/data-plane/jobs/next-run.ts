import { Cron } from 'croner';
import { Failure } from '../../core/failure.ts';
import { cronOptions, parseEvery, scheduleAliases } from '../../core/schedule.ts';

/** When a schedule fires next, in UTC: strictly after a time, or never again. */
export type NextRun = (after: Date) => Date | undefined;

/**
 * Cron lines of 5 to 7 fields, `@hourly` and its like, `@every 1h30m`, and `@reboot`, which no clock fires.
 * @throws Failure where it is none of them
 */
export function parseSchedule(schedule: string): NextRun {
  if (isReboot(schedule)) return () => undefined;
  const intervalMs = parseEvery(schedule);
  return intervalMs === undefined ? cron(schedule) : every(intervalMs);
}

export function nextRun(schedule: string, after: Date): Date | undefined {
  return parseSchedule(schedule)(after);
}

/** The last run behind `after` that is not behind `until`. Mostly there is one or none; of millions it is found by halves. */
export function lastRun(next: NextRun, after: number, until: number): number | undefined {
  const behind = (time: number): number | undefined => {
    const found = next(new Date(time))?.getTime();
    return found === undefined || found > until ? undefined : found;
  };
  let last = behind(after);
  let none = until;
  while (last !== undefined) {
    const following = behind(last);
    if (following === undefined) return last;
    const middle = Math.floor((following + none) / 2);
    const found = behind(middle);
    if (found === undefined) none = middle;
    last = found ?? following;
  }
  return undefined;
}

export function isReboot(schedule: string): boolean {
  return schedule.trim() === '@reboot';
}

function cron(schedule: string): NextRun {
  const text = schedule.trim();
  const fields = text.split(/\s+/).length;
  // croner reads dates too, and a schedule is none.
  if (!scheduleAliases.has(text) && (fields < 5 || fields > 7)) throw unreadable(schedule);
  try {
    // An offset of 0 is UTC, five times as fast as by its name: ten thousand jobs may be due at once.
    const { timezone: _utc, ...dialect } = cronOptions;
    const pattern = new Cron(text, { ...dialect, utcOffset: 0, paused: true });
    return (after) => pattern.nextRun(after) ?? undefined;
  } catch (cause) {
    throw unreadable(schedule, cause);
  }
}

/** In whole seconds, at least one, counted from the epoch: counted from its own start, each restart would shift it. */
function every(ms: number): NextRun {
  const intervalMs = Math.max(1_000, Math.floor(ms / 1_000) * 1_000);
  return (after) => {
    const next = new Date((Math.floor(after.getTime() / intervalMs) + 1) * intervalMs);
    return Number.isNaN(next.getTime()) ? undefined : next;
  };
}

function unreadable(schedule: string, cause?: unknown): Failure {
  return new Failure(`The schedule '${schedule.slice(0, 200)}' cannot be read.`, {
    nextStep: 'Write a cron line such as `0 * * * *`, `@daily`, or `@every 15m`.',
    cause,
  });
}
