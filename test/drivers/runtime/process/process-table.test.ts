import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import {
  parseStat,
  procTable,
  psTable,
} from '../../../../src/drivers/runtime/process/process-table.ts';

const isLinux = process.platform === 'linux';

test('a program’s name may hold brackets and spaces', () => {
  const numbers = Array.from({ length: 30 }, (_, index) => `${index + 4}`).join(' ');
  const stat = `77 (a) R 1 (b) S ${numbers}`;
  expect(parseStat(stat)).toEqual({ state: 'S', group: 5, startTicks: '22' });
});

describe.for([
  { name: 'ps', table: psTable, runs: true },
  { name: '/proc', table: procTable, runs: isLinux },
])('by $name', ({ table, runs }) => {
  test.runIf(runs)('a process keeps the time of its start for as long as it runs', async () => {
    const child = execa('sleep', ['60'], { reject: false });
    const pid = child.pid ?? 0;
    const started = await table.startTimeOf(pid);
    expect(started).toBeTruthy();
    expect(await table.startTimeOf(pid)).toBe(started);
    child.kill('SIGKILL');
    await child;
    expect(await table.startTimeOf(pid)).toBeUndefined();
  });

  test.runIf(runs)('a group has its living members', async () => {
    const child = execa('/bin/sh', ['-c', 'sleep 60 & sleep 60'], {
      detached: true,
      reject: false,
    });
    const pid = child.pid ?? 0;
    await expect.poll(() => table.membersOf(pid)).toHaveLength(3);
    const members = await table.membersOf(pid);
    expect((await table.membersFrom(pid)).toSorted()).toEqual(members.toSorted());
    process.kill(-pid, 'SIGKILL');
    await child;
    expect(await table.membersOf(pid)).toEqual([]);
    expect(await table.membersFrom(pid)).toEqual([]);
  });
});

test.runIf(isLinux)('who has left the group is no member of it', async () => {
  const child = execa('/bin/sh', ['-c', 'setsid sleep 60 & sleep 60'], {
    detached: true,
    reject: false,
  });
  const pid = child.pid ?? 0;
  await expect.poll(() => procTable.membersFrom(pid)).toHaveLength(2);
  const all = await procTable.membersFrom(pid);
  const children = await execa('pgrep', ['-P', String(pid)]);
  for (const one of [pid, ...children.stdout.split('\n').map(Number)]) process.kill(one, 'SIGKILL');
  await child;
  expect(all).toContain(pid);
});

test.runIf(isLinux)('what a process was given is read to its end', async () => {
  const text = `berth-${crypto.randomUUID()}`;
  const env = { A: 'a'.repeat(100_000), ...{ Z: text } };
  const child = execa('sleep', ['60'], { env, extendEnv: false, reject: false });
  await expect.poll(() => procTable.mentioning(text)).toEqual([child.pid]);
  child.kill('SIGKILL');
  await child;
});

test.runIf(isLinux)('a process is found by what its environment mentions', async () => {
  const text = `berth-${crypto.randomUUID()}`;
  const child = execa('sleep', ['60'], { env: { HOME: `/somewhere/${text}/home` }, reject: false });
  expect(await procTable.mentioning(text)).toEqual([child.pid]);
  child.kill('SIGKILL');
  await child;
  expect(await procTable.mentioning(text)).toEqual([]);
});
