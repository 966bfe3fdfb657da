import { describe, expect, test, vi } from 'vitest';
import { runProgram, startProgram } from '../../support/program.ts';
import { operation, undeployOf } from '../../support/records.ts';
import type { PrepareStore } from './place.ts';

const workProgram = new URL('../../fixtures/store/work.ts', import.meta.url);
const insertProgram = new URL('../../fixtures/store/insert.ts', import.meta.url);
const holdProgram = new URL('../../fixtures/store/hold.ts', import.meta.url);

/** Starting programs takes its time on a busy machine. */
const patience = { timeout: 60_000 };

export function describeProcesses(prepare: PrepareStore): void {
  describe('processes that share it', () => {
    test('never hold the same operation, nor two of one subject', patience, async () => {
      const place = await prepare();
      await using store = await place.open();
      const subjects = 5;
      const ids = Array.from({ length: 60 }, (_, number) => `o${number}`);
      await store.commit(
        ids.map((id, number) => ({
          kind: 'insert-operation',
          operation: operation(id, { input: undeployOf(`d${number % subjects}`) }),
        })),
      );
      const outputs = await Promise.all(
        ['one', 'two', 'three'].map((worker) => runProgram(workProgram, [place.address, worker])),
      );
      const held = outputs.flatMap((output) => output.split('\n').flatMap(parseHeld));
      expect(held.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
      expect(new Set(held.map(({ attempt }) => attempt))).toEqual(new Set(['1']));
      for (const ofSubject of Map.groupBy(held, ({ subject }) => subject).values()) {
        const inTime = ofSubject.toSorted((one, other) => (one.from < other.from ? -1 : 1));
        // One after another, in the order in which they were accepted.
        expect(inTime.map(({ id }) => id)).toEqual(
          ids.filter((id) => inTime.some((one) => one.id === id)),
        );
        expect(inTime.every(({ from }, at) => at === 0 || from >= (inTime[at - 1]?.to ?? 0n))).toBe(
          true,
        );
      }
    });

    test('lose no acknowledged commit to kill -9', patience, async () => {
      const place = await prepare();
      const acknowledged: string[] = [];
      for (let round = 0; round < 2; round += 1) {
        await using program = startProgram(insertProgram, [place.address, '1000000']);
        await expect
          .poll(() => program.lines.length, { interval: 1, timeout: 60_000 })
          .toBeGreaterThan(50);
        await program.kill();
        acknowledged.push(...program.lines);
      }
      await using store = await place.open();
      for (const id of acknowledged) expect(await store.deployments.byId(id)).toBeDefined();
      // Each commit is there as a whole; the last of a round may not have been acknowledged.
      const page = await store.deployments.query('project', { limit: 1, offset: 0 });
      expect(await store.operations.countOpen()).toBe(page.total);
      expect(page.total - acknowledged.length).toBeLessThanOrEqual(2);
    });

    test('leave an operation to others when they are killed', patience, async () => {
      const place = await prepare();
      await using store = await place.open();
      await store.commit([{ kind: 'insert-operation', operation: operation('o') }]);
      await using program = startProgram(holdProgram, [place.address, 'killed']);
      await expect.poll(() => program.lines, { timeout: 60_000 }).toEqual(['o']);
      const take = () => {
        const now = Date.now();
        return store.operations.claim({ worker: 'next', now, leaseUntil: now + 1000 });
      };
      await program.kill();
      expect(await take()).toBeUndefined();
      await store.operations.release('killed');
      expect(await take()).toMatchObject({ id: 'o', attempt: 2 });
    });

    test('hear of each other’s commits', patience, async () => {
      const place = await prepare();
      await using store = await place.open();
      const hint = vi.fn();
      store.watch(hint);
      await runProgram(insertProgram, [place.address, '1']);
      await expect.poll(() => hint.mock.calls.length, { timeout: 60_000 }).toBeGreaterThan(0);
      expect(await store.operations.countOpen()).toBe(1);
    });
  });
}

function parseHeld(line: string) {
  const [id, subject, attempt, from = '0', to = '0'] = line.split(' ');
  return id === undefined || id === ''
    ? []
    : [{ id, subject, attempt, from: BigInt(from), to: BigInt(to) }];
}
