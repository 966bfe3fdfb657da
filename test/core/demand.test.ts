import { describe, expect, test } from 'vitest';
import { type Demand, requestsForOne, wantedInstances } from '../../src/core/demand.ts';

const idleMs = 60_000;
const demand = (more: Partial<Demand> = {}): Demand => ({
  state: 'current',
  scaling: { minInstances: 0, maxInstances: 1 },
  running: 0,
  mayNotSleep: false,
  idleForMs: 0,
  busiest: 0,
  ...more,
});
const between = (minInstances: number, maxInstances: number) => ({
  scaling: { minInstances, maxInstances },
});

describe('how many instances run', () => {
  test.for<[string, Partial<Demand>, number]>([
    ['of what was just asked for', {}, 1],
    ['of what nobody has asked for of late', { idleForMs: idleMs }, 0],
    ['of what nobody ever asked for', { idleForMs: Number.POSITIVE_INFINITY }, 0],
    ['of what was busy before it fell idle', { idleForMs: idleMs, busiest: 100 }, 0],
    ['of what is handed over', { idleForMs: idleMs, mayNotSleep: true }, 1],
    ['of what is kept warm', { idleForMs: idleMs, ...between(1, 1) }, 1],
    ['of what is kept warm by three', { idleForMs: idleMs, ...between(3, 3) }, 3],
    ['of a candidate, which must show that it runs', { state: 'candidate', idleForMs: idleMs }, 1],
    ['of a candidate with three at all times', { state: 'candidate', ...between(3, 5) }, 3],
    ['of what drains: those that run', { state: 'draining', running: 2, ...between(3, 5) }, 2],
    ['of what drains and sleeps', { state: 'draining' }, 0],
    ['of what one can carry', { busiest: requestsForOne, ...between(0, 5) }, 1],
    ['of what one cannot carry', { busiest: requestsForOne + 1, ...between(0, 5) }, 2],
    ['of what nothing can carry', { busiest: 100_000, ...between(0, 5) }, 5],
    ['of what is busy and may have one only', { busiest: 100_000 }, 1],
  ])('%s', ([_, more, wanted]) => {
    expect(wantedInstances(demand(more), idleMs)).toBe(wanted);
  });

  test('where nothing ever sleeps: one at least', () => {
    const idle = demand({ idleForMs: Number.POSITIVE_INFINITY });
    expect(wantedInstances(idle, undefined)).toBe(1);
  });
});
