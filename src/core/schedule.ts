/** The named schedules of `connect.yaml`. `@reboot` means once after each deployment (contract §10, row 31). */
export const scheduleAliases: ReadonlySet<string> = new Set([
  '@annually',
  '@yearly',
  '@monthly',
  '@weekly',
  '@daily',
  '@hourly',
  '@reboot',
]);

/**
 * How cron lines are read, by whoever checks them and whoever runs them: in UTC, Sunday is 0 and 7.
 * Connect takes `5/15` for "from minute 5, every 15"; the strict reading would refuse it.
 */
export const cronOptions = { timezone: 'UTC', sloppyRanges: true } as const;

/** The interval of `@every 1h30m`, or undefined where the text is something else or the interval is nothing. */
export function parseEvery(schedule: string): number | undefined {
  const match = /^@every ((?:\d{1,9}(?:ns|us|µs|ms|s|m|h)){1,10})$/.exec(schedule.trim());
  if (match?.[1] === undefined) return undefined;
  const parts = [...match[1].matchAll(/(\d+)(\D+)/g)];
  const ms = parts.reduce((sum, [, count, unit]) => sum + Number(count) * msOf(unit), 0);
  return ms > 0 ? ms : undefined;
}

const unitsMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

function msOf(unit: string | undefined): number {
  return unitsMs[unit ?? ''] ?? 0;
}
