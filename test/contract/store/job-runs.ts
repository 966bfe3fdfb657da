import { describe, expect, test } from 'vitest';
import type { JobRun } from '../../../src/core/job-run.ts';
import type { BeginningRun } from '../../../src/ports/job-runs.ts';
import type { Change, Store } from '../../../src/ports/store.ts';
import { deployment, jobRun } from '../../support/records.ts';
import { failureOf, type PrepareStore } from './place.ts';

const minute = 60_000;

/** What is due of a job, as one of two data planes begins it. */
function beginning(more: Partial<BeginningRun> = {}): BeginningRun {
  return {
    id: 'run',
    plane: 'data',
    startedAt: 2 * minute,
    alone: false,
    deploymentId: 'deployment',
    applicationName: 'job',
    trigger: 'schedule',
    tickAt: minute,
    ...more,
  };
}

export function describeJobRuns(prepare: PrepareStore): void {
  const openWith = async (...changes: readonly Change[]) => {
    const store = await (await prepare()).open();
    await store.commit([{ kind: 'insert-deployment', record: deployment() }, ...changes]);
    return store;
  };
  const statesOf = async (store: Store, deploymentId = 'deployment') => {
    const { results } = await all(store, deploymentId);
    return Object.fromEntries(results.map(({ id, state }) => [id, state]));
  };
  const all = (store: Store, deploymentId = 'deployment') =>
    store.jobRuns.query('project', { deploymentId, limit: 500, offset: 0 });

  describe('runs of jobs', () => {
    test('begin once for each tick, whoever asks, many in one commit', async () => {
      await using store = await openWith();
      const ticks = [1, 2, 3].map((at) => beginning({ id: `run-${at}`, tickAt: at * minute }));
      expect(await store.jobRuns.begin(ticks)).toEqual(
        new Map(ticks.map(({ id }) => [id, 'running'])),
      );
      const others = [2, 3, 4].map((at) => beginning({ id: `other-${at}`, tickAt: at * minute }));
      expect([...(await store.jobRuns.begin(others))]).toEqual([['other-4', 'running']]);
      const further = [
        beginning({ id: 'of another', applicationName: 'other' }),
        beginning({ id: 'missed', trigger: 'missed-schedule' }),
        beginning({ id: 'of nobody', deploymentId: 'gone' }),
      ];
      expect([...(await store.jobRuns.begin(further))]).toEqual([['of another', 'running']]);
      expect(await store.jobRuns.get('project', 'run-2')).toEqual({
        id: 'run-2',
        projectKey: 'project',
        deploymentId: 'deployment',
        applicationName: 'job',
        trigger: 'schedule',
        state: 'running',
        scheduledFor: 2 * minute,
        startedAt: 2 * minute,
      });
      expect(await store.jobRuns.begin([])).toEqual(new Map());
    });

    test('begin again for whoever did not hear that they have begun', async () => {
      await using store = await openWith();
      const runs = [
        beginning(),
        beginning({ id: 'skipped', tickAt: 0, skipped: 'Another one runs.' }),
      ];
      const begun = await store.jobRuns.begin(runs);
      expect(Object.fromEntries(begun)).toEqual({ run: 'running', skipped: 'skipped' });
      expect(await store.jobRuns.begin(runs)).toEqual(begun);
      expect(await store.jobRuns.get('project', 'skipped')).toMatchObject({
        state: 'skipped',
        finishedAt: 2 * minute,
        reason: 'Another one runs.',
      });
      expect((await all(store)).total).toBe(2);
    });

    test('are never begun twice by several at once', async () => {
      const place = await prepare();
      await using first = await place.open();
      await using second = await place.open();
      await first.commit([{ kind: 'insert-deployment', record: deployment() }]);
      const stores = { first, second };
      const rounds = Array.from({ length: 20 }, (_, round) => round);
      const begun = await Promise.all(
        rounds.flatMap((round) =>
          Object.entries(stores).map(async ([plane, store]) => {
            const ticks = Array.from({ length: 50 }, (_, at) =>
              beginning({
                id: `${plane} ${round} ${at}`,
                ...{ plane, applicationName: `job-${at}`, tickAt: round * minute },
              }),
            );
            const mixed = plane === 'first' ? ticks : ticks.toReversed();
            return [...(await store.jobRuns.begin(mixed)).keys()];
          }),
        ),
      );
      const ticks = begun.flat().map((id) => id.replace(/^\w+ /, ''));
      expect(ticks).toHaveLength(1_000);
      expect(new Set(ticks).size).toBe(1_000);
      expect((await all(first)).total).toBe(1_000);
    });

    test('that must be alone are skipped beside another such one', async () => {
      await using store = await openWith();
      const alone = (id: string, tickAt: number, more: Partial<BeginningRun> = {}) =>
        beginning({ id, tickAt, alone: true, ...more });
      const begin = async (...runs: BeginningRun[]) =>
        Object.fromEntries(await store.jobRuns.begin(runs));
      expect(await begin(alone('one', 1))).toEqual({ one: 'running' });
      expect(
        await begin(
          alone('two', 2),
          alone('other', 2, { applicationName: 'other' }),
          beginning({ id: 'any', tickAt: 3 }),
          alone('one again', 1),
        ),
      ).toEqual({ two: 'skipped', other: 'running', any: 'running' });
      expect((await store.jobRuns.get('project', 'two'))?.reason).toMatch(/under way/);
      const ended = { from: 'running', state: 'succeeded', finishedAt: 9 } as const;
      await store.jobRuns.end([{ id: 'one', ...ended }]);
      expect(await begin(alone('four', 4))).toEqual({ four: 'running' });
    });

    test('end once, many in one commit, and with all that is known', async () => {
      await using store = await openWith({ kind: 'request-job-run', run: jobRun() });
      await store.jobRuns.begin([
        beginning({ id: 'good' }),
        beginning({ id: 'bad', tickAt: 2 * minute }),
      ]);
      await store.jobRuns.end([
        {
          ...{ id: 'good', from: 'running', state: 'succeeded' },
          ...{ startedAt: 5, finishedAt: 8, status: 204 },
        },
        { id: 'bad', from: 'running', state: 'failed', finishedAt: 9, reason: 'It ended.' },
        { id: 'run', from: 'running', state: 'failed', finishedAt: 9, reason: 'never' },
        { id: 'unknown', from: 'running', state: 'failed', finishedAt: 9 },
      ]);
      await store.jobRuns.end([
        { id: 'good', from: 'running', state: 'interrupted', finishedAt: 10, reason: 'late' },
        { id: 'run', from: 'requested', state: 'skipped', finishedAt: 9, reason: 'late' },
      ]);
      await store.jobRuns.end([]);
      expect(await store.jobRuns.get('project', 'good')).toMatchObject({
        ...{ state: 'succeeded', startedAt: 5, finishedAt: 8, status: 204 },
      });
      expect(await store.jobRuns.get('project', 'bad')).toMatchObject({
        ...{ state: 'failed', startedAt: 2 * minute, finishedAt: 9, reason: 'It ended.' },
      });
      expect(await store.jobRuns.get('project', 'run')).toEqual(
        jobRun({ state: 'skipped', finishedAt: 9, reason: 'late' }),
      );
    });

    test('that were asked for are found in their order, and taken by one', async () => {
      await using store = await openWith(
        { kind: 'request-job-run', run: jobRun({ id: 'a' }) },
        { kind: 'request-job-run', run: jobRun({ id: 'b', applicationName: 'other' }) },
        { kind: 'request-job-run', run: jobRun({ id: 'c' }) },
        { kind: 'request-job-run', run: jobRun({ id: 'foreign', projectKey: 'other' }) },
        { kind: 'request-job-run', run: jobRun({ id: 'nobody', deploymentId: 'gone' }) },
      );
      const ids = async () => (await store.jobRuns.requested(10)).map(({ id }) => id);
      expect(await ids()).toEqual(['a', 'b', 'c']);
      expect(await store.jobRuns.requested(1)).toEqual([jobRun({ id: 'a' })]);
      const take = (plane: string, ...taken: string[]) =>
        store.jobRuns.take(taken.map((id) => ({ id, plane, startedAt: 7, alone: false })));
      const [one, other] = await Promise.all([take('one', 'a', 'b'), take('other', 'b', 'a')]);
      expect([...one, ...other].toSorted()).toEqual(['a', 'b']);
      expect(await take('one', 'a', 'unknown')).toEqual(new Set());
      expect(await take('one')).toEqual(new Set());
      expect(await ids()).toEqual(['c']);
      expect(await store.jobRuns.get('project', 'a')).toEqual(
        jobRun({ id: 'a', state: 'running', startedAt: 7 }),
      );
    });

    test('many that were asked for are taken by several at once, in whatever order, each by one', async () => {
      const ids = Array.from({ length: 200 }, (_, number) => `run-${number}`);
      await using store = await openWith(
        ...ids.map((id) => ({ kind: 'request-job-run' as const, run: jobRun({ id }) })),
      );
      const orders = [ids, ids.toReversed(), ids.toSorted(), ids.toSorted().toReversed()];
      const taken = await Promise.all(
        orders.map((order, at) =>
          store.jobRuns.take(
            order.map((id) => ({ id, plane: `${at}`, startedAt: 7, alone: false })),
          ),
        ),
      );
      expect(taken.flatMap((one) => [...one]).toSorted()).toEqual(ids.toSorted());
    });

    test('that were asked for are not taken beside one that must be alone', async () => {
      await using store = await openWith({ kind: 'request-job-run', run: jobRun() });
      await store.jobRuns.begin([beginning({ id: 'first', alone: true })]);
      const taken = (alone: boolean) =>
        store.jobRuns.take([{ id: 'run', plane: 'data', startedAt: 7, alone }]);
      expect(await taken(true)).toEqual(new Set());
      expect(await taken(false)).toEqual(new Set(['run']));
    });

    test('of a plane that is dead are interrupted, and no others', async () => {
      await using store = await openWith({ kind: 'request-job-run', run: jobRun({ id: 'asked' }) });
      await store.jobRuns.begin([
        beginning({ id: 'own' }),
        beginning({ id: 'done', tickAt: 2 }),
        beginning({ id: 'other', tickAt: 3, plane: 'data-1' }),
      ]);
      await store.jobRuns.end([{ id: 'done', from: 'running', state: 'succeeded', finishedAt: 4 }]);
      const of = { plane: 'data', at: 5, reason: 'It ended.' };
      expect(await store.jobRuns.interrupt(of)).toBe(1);
      expect(await store.jobRuns.interrupt(of)).toBe(0);
      expect(await statesOf(store)).toEqual({
        ...{ asked: 'requested', own: 'interrupted', done: 'succeeded', other: 'running' },
      });
      expect(await store.jobRuns.get('project', 'own')).toMatchObject({
        ...{ finishedAt: 5, reason: 'It ended.' },
      });
    });

    test('are listed newest first, by application and state, and only in their project', async () => {
      await using store = await openWith({ kind: 'request-job-run', run: jobRun({ id: 'asked' }) });
      await store.jobRuns.begin([beginning({ id: 'a' })]);
      await store.jobRuns.begin([beginning({ id: 'b', applicationName: 'other' })]);
      const ids = async (more: object = {}, project = 'project') => {
        const page = { deploymentId: 'deployment', limit: 10, offset: 0, ...more };
        const { total, results } = await store.jobRuns.query(project, page);
        return [total, ...results.map(({ id }: JobRun) => id)];
      };
      expect(await ids()).toEqual([3, 'b', 'a', 'asked']);
      expect(await ids({ limit: 1, offset: 1 })).toEqual([3, 'a']);
      expect(await ids({ applicationName: 'job' })).toEqual([2, 'a', 'asked']);
      expect(await ids({ states: ['running'] })).toEqual([2, 'b', 'a']);
      expect(await ids({ states: [] })).toEqual([0]);
      expect(await ids({ deploymentId: 'other' })).toEqual([0]);
      expect(await ids({}, 'other')).toEqual([0]);
      expect(await store.jobRuns.get('other', 'a')).toBeUndefined();
    });

    test('are forgotten but for the newest of each job, and what has not ended', async () => {
      const requests = [1, 2, 3].map((at): Change => {
        return { kind: 'request-job-run', run: jobRun({ id: `asked-${at}` }) };
      });
      await using store = await openWith(...requests);
      const ticks = [1, 2, 3, 4].map((at) => beginning({ id: `tick-${at}`, tickAt: at }));
      await store.jobRuns.begin([...ticks, beginning({ id: 'other', applicationName: 'other' })]);
      await store.jobRuns.end(
        ['tick-1', 'tick-2', 'tick-3', 'other'].map((id) => ({
          ...{ id, from: 'running', state: 'succeeded', finishedAt: 9 },
        })),
      );
      await store.jobRuns.end(
        ['asked-1', 'asked-2'].map((id) => ({
          ...{ id, from: 'requested', state: 'skipped', finishedAt: 9 },
        })),
      );
      await store.commit([{ kind: 'forget-job-runs', keep: 1 }]);
      expect(Object.keys(await statesOf(store)).toSorted()).toEqual([
        ...['asked-2', 'asked-3', 'other', 'tick-3', 'tick-4'],
      ]);
    });

    test('have ids of their own', async () => {
      await using store = await openWith({ kind: 'request-job-run', run: jobRun() });
      const again = store.commit([{ kind: 'request-job-run', run: jobRun() }]);
      expect(await failureOf(again)).toBeInstanceOf(Error);
      expect((await all(store)).total).toBe(1);
    });
  });
}
