import { expect, test } from 'vitest';
import { lastRun, nextRun, parseSchedule } from '../../../src/data-plane/jobs/next-run.ts';

function next(schedule: string, after: string): string | undefined {
  return nextRun(schedule, new Date(after))?.toISOString();
}

// 2026-01-01 was a Thursday.
const newYear = '2026-01-01T00:00:00.000Z';

test.each([
  ['*/1 * * * *', '2026-01-01T00:01:00.000Z'],
  ['*/5 * * * *', '2026-01-01T00:05:00.000Z'],
  ['5/15 * * * *', '2026-01-01T00:05:00.000Z'],
  ['*/40 * * * *', '2026-01-01T00:40:00.000Z'],
  ['0 * * * *', '2026-01-01T01:00:00.000Z'],
  ['0 0 * * *', '2026-01-02T00:00:00.000Z'],
  ['0 * * * 7', '2026-01-04T00:00:00.000Z'],
  ['0 * * * 0', '2026-01-04T00:00:00.000Z'],
  ['0 12 * * MON-FRI', '2026-01-01T12:00:00.000Z'],
  ['30 6 1 JUN *', '2026-06-01T06:30:00.000Z'],
  ['0 0 29 2 *', '2028-02-29T00:00:00.000Z'],
  ['  0   9  * * *  ', '2026-01-01T09:00:00.000Z'],
  ['*/10 * * * * *', '2026-01-01T00:00:10.000Z'],
  ['0 0 0 1 1 * 2030', '2030-01-01T00:00:00.000Z'],
  ['@hourly', '2026-01-01T01:00:00.000Z'],
  ['@daily', '2026-01-02T00:00:00.000Z'],
  ['@weekly', '2026-01-04T00:00:00.000Z'],
  ['@monthly', '2026-02-01T00:00:00.000Z'],
  ['@yearly', '2027-01-01T00:00:00.000Z'],
  ['@annually', '2027-01-01T00:00:00.000Z'],
])('%s runs next at %s', (schedule, expected) => {
  expect(next(schedule, newYear)).toBe(expected);
});

test.each([
  ['0 0 31 2 *'],
  ['0 0 0 1 1 * 2020'],
  ['@reboot'],
  ['@every 999999999h999999999h999999999h'],
])('%s never runs by the clock', (schedule) => {
  expect(next(schedule, newYear)).toBeUndefined();
});

test.each([
  ['@every 1s', '2026-01-01T00:00:01.000Z'],
  ['@every 10s', '2026-01-01T00:00:10.000Z'],
  ['@every 1m', '2026-01-01T00:01:00.000Z'],
  ['@every 1h30m', '2026-01-01T01:30:00.000Z'],
  ['@every 24h', '2026-01-02T00:00:00.000Z'],
  ['@every 3600000ms', '2026-01-01T01:00:00.000Z'],
  ['@every 60000000us', '2026-01-01T00:01:00.000Z'],
  ['@every 60000000\u00b5s', '2026-01-01T00:01:00.000Z'],
  ['@every 999999999ns', '2026-01-01T00:00:01.000Z'],
  ['@every 1ms', '2026-01-01T00:00:01.000Z'],
  ['@every 1500ms', '2026-01-01T00:00:01.000Z'],
])('%s runs next at %s', (schedule, expected) => {
  expect(next(schedule, newYear)).toBe(expected);
});

test('a run is strictly after the time it is asked for', () => {
  expect(next('0 * * * *', '2026-01-01T00:59:59.999Z')).toBe('2026-01-01T01:00:00.000Z');
  expect(next('0 * * * *', '2026-01-01T01:00:00.000Z')).toBe('2026-01-01T02:00:00.000Z');
  expect(next('@every 1h', '2026-01-01T00:59:59.999Z')).toBe('2026-01-01T01:00:00.000Z');
});

test('@every does not depend on when it was started', () => {
  for (const minute of ['01', '17', '44', '59']) {
    expect(next('@every 2h', `2026-01-01T05:${minute}:13.000Z`)).toBe('2026-01-01T06:00:00.000Z');
  }
});

test.each([
  [''],
  ['garbage'],
  ['garbage 1 2 3 4 5 xyz'],
  ['99 99 99 99 99'],
  ['1 2 3 4'],
  ['* * * * * * * *'],
  ['5-1 * * * *'],
  ['*/0 * * * *'],
  ['2026-05-05T00:00:00'],
  ['@fortnightly'],
  ['@every'],
  ['@every soon'],
  ['@every 0s'],
  ['@every 1.5h'],
  ['@every 1'],
  ['@every 1d'],
  ['@every -1h'],
  ['@every 1h 30x'],
])('%j cannot be read, and the message says what can', (schedule) => {
  expect(() => next(schedule, newYear)).toThrow('cannot be read');
});

test('a long line of nonsense is refused at once', () => {
  const started = performance.now();
  expect(() => next(`@every ${'1h'.repeat(5_000)}x`, newYear)).toThrow('cannot be read');
  expect(() => next(`${'1,'.repeat(5_000)} * * * * * * *`, newYear)).toThrow('cannot be read');
  expect(performance.now() - started).toBeLessThan(5_000);
});

test.each([
  ['* * * * *', '2026-03-01T11:59:59.999Z', '2026-03-01T12:00:00.000Z', '12:00:00.000Z'],
  ['* * * * *', '2026-03-01T11:59:00.000Z', '2026-03-01T11:59:59.999Z', undefined],
  ['*/10 * * * *', '2020-01-01T00:00:00.000Z', '2026-03-01T12:09:59.999Z', '12:00:00.000Z'],
  ['* 0 * * *', '2026-02-01T00:00:00.000Z', '2026-03-01T12:00:00.000Z', '00:59:00.000Z'],
  ['@every 1s', '2020-01-01T00:00:00.000Z', '2026-03-01T12:00:00.500Z', '12:00:00.000Z'],
  ['0 0 31 2 *', '2020-01-01T00:00:00.000Z', '2026-03-01T12:00:00.000Z', undefined],
])('of %s behind %s the last run until %s is found', (schedule, after, until, expected) => {
  const last = lastRun(parseSchedule(schedule), Date.parse(after), Date.parse(until));
  const found = last === undefined ? undefined : new Date(last).toISOString();
  expect(found).toBe(expected === undefined ? undefined : `2026-03-01T${expected}`);
});
