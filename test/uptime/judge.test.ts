import { expect, test } from 'vitest';
import { judge } from './tally.ts';
import { judgeTicks } from './ticks.ts';

const crash = { toldAt: 1_000, diedAt: 1_100, backAt: 1_500 };

test('a failure is excused by a crash that it overlaps, and by no other', () => {
  const failures = [
    { sentAt: 400, endedAt: 990, problem: 'over before it' },
    { sentAt: 900, endedAt: 1_050, problem: 'on it' },
    { sentAt: 1_510, endedAt: 1_600, problem: 'after it' },
  ];
  const { tried, failed, excused } = judge('GET', { count: 9, failures }, [crash]);
  expect([tried, failed, excused]).toEqual([
    9,
    ['GET at 400, for 590 ms: over before it', 'GET at 1510, for 90 ms: after it'],
    ['GET at 900, for 150 ms: on it'],
  ]);
  expect(judge('GET', { count: 9, failures }, []).failed).toHaveLength(3);
});

test('a job that ran at every tick is well, however late some were', () => {
  const arrivals = [2_900, 4_001, 6_010, 11_000, 11_001, 12_500, 14_001, 16_001];
  expect(judgeTicks(arrivals, 2_000)).toEqual({ tried: 8, failed: [] });
});

test('ticks that never ran and ticks that ran twice are told', () => {
  const every = Array.from({ length: 20 }, (_, at) => 10_003 + 2_000 * at);
  expect(judgeTicks(every.toSpliced(9, 2), 2_000).failed).toEqual(['2 ticks have never run']);
  expect(judgeTicks(every.toSpliced(9, 0, 28_004), 2_000).failed).toEqual([
    'run 11 came before its tick: one has run twice',
  ]);
});
