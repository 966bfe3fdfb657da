import { expect, test } from 'vitest';
import { OutageLog } from '../../src/compose/outage-log.ts';
import { StoreUnavailable } from '../../src/core/store-failure.ts';

function open() {
  let now = 0;
  const lines: unknown[] = [];
  const log = new OutageLog(() => now);
  const keep = (details: object, message: string) => lines.push({ message, ...details });
  log.logTo({ error: keep, warn: keep } as unknown as Parameters<OutageLog['logTo']>[0]);
  const away = new StoreUnavailable(new Error('connect ECONNREFUSED'));
  return {
    log,
    lines,
    away,
    after(ms: number) {
      now += ms;
    },
  };
}

test('an outage is one line when it begins and one when it ends, with what was not logged', () => {
  const { log, lines, away, after } = open();
  for (let times = 0; times < 10; times += 1) {
    log.failed(away);
    expect(log.isToldAlready({ err: away })).toBe(true);
    after(100);
  }
  log.answered();
  log.answered();
  expect(lines).toEqual([
    {
      message: 'the database went away',
      reason: 'connect ECONNREFUSED',
      awaySeconds: 0,
      notLogged: 0,
    },
    { message: 'the database is back', awaySeconds: 1, notLogged: 10 },
  ]);
});

test('one that lasts is said again every half minute', () => {
  const { log, lines, away, after } = open();
  for (let second = 0; second <= 65; second += 1) {
    log.failed(away);
    after(1000);
  }
  expect(lines).toMatchObject([
    { message: 'the database went away' },
    { message: 'the database is still away', awaySeconds: 30 },
    { message: 'the database is still away', awaySeconds: 60 },
  ]);
});

test('one that comes and goes is not said each time', () => {
  const { log, lines, away, after } = open();
  for (let times = 0; times < 10; times += 1) {
    log.failed(away);
    after(500);
    log.answered();
  }
  expect(lines).toHaveLength(2);
});

test('other errors, and what is said while the database is there, are logged', () => {
  const { log, lines, away } = open();
  expect(log.isToldAlready({ err: away })).toBe(false);
  log.failed(new TypeError('a bug'));
  expect(lines).toEqual([]);
  log.failed(away);
  expect(log.isToldAlready({ err: new TypeError('a bug') })).toBe(false);
  expect(log.isToldAlready({ port: 1 })).toBe(false);
});
