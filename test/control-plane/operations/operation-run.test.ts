import { describe, expect, test } from 'vitest';
import { OperationRun, StepFailure } from '../../../src/control-plane/operations/operation-run.ts';
import { RuntimeFailure } from '../../../src/core/failure.ts';
import type { Operation } from '../../../src/core/operation.ts';
import { CancelRequested, FencedOff } from '../../../src/core/store-failure.ts';
import type { Change, Store } from '../../../src/ports/store.ts';
import { deployment, operation } from '../../support/records.ts';
import { accept, claimAgain, clock, openStore, requestCancel, titlesOf } from './support.ts';

const failed = 'It failed';
const reportId = 'report-of-o';
const insert = (id: string) => ({ kind: 'insert-deployment', record: deployment({ id }) }) as const;

async function open() {
  const store = await openStore();
  const run = await start(store, await accept(store, operation('o')));
  return { store, run };
}

async function start(
  store: Store,
  claimed: Operation,
  signal: AbortSignal = new AbortController().signal,
): Promise<OperationRun> {
  const steps = await store.operations.steps(claimed.id);
  return new OperationRun({ operation: claimed, store, clock, signal, steps });
}

describe('a step', () => {
  test('is recorded with its result, what it reported and what it changed', async () => {
    const { store, run } = await open();
    await using _ = store;
    const result = await run.step('build', { failed, application: 'app' }, async (scope) => {
      scope.report('Information', 'Built', 'In 1 s.');
      scope.report('Warning', 'Note');
      scope.change(insert('made'));
      return { key: 'k' };
    });
    expect(result).toEqual({ key: 'k' });
    expect(await store.operations.steps('o')).toEqual([{ name: 'build', result: { key: 'k' } }]);
    expect(await store.deployments.byId('made')).toBeDefined();
    expect(await store.reports.entries([reportId])).toMatchObject([
      {
        step: 'build',
        type: 'Information',
        title: 'Built',
        message: 'In 1 s.',
        application: 'app',
      },
      { step: 'build', type: 'Warning', title: 'Note', application: 'app' },
    ]);
  });

  test('runs once: it answers again what it has answered, in this attempt and the next', async () => {
    const { store, run } = await open();
    await using _ = store;
    let runs = 0;
    const work = async () => {
      runs += 1;
      return runs;
    };
    expect(await run.step('count', { failed }, work)).toBe(1);
    expect(await run.step('count', { failed }, work)).toBe(1);
    const next = await start(store, await claimAgain(store));
    expect(await next.step('count', { failed }, work)).toBe(1);
    expect(await next.step('another', { failed }, work)).toBe(2);
    const nothing = await next.step('nothing', { failed }, async () => undefined);
    expect(nothing).toBeUndefined();
    expect(runs).toBe(2);
  });

  test('says what it does while it does it', async () => {
    const { store, run } = await open();
    await using _ = store;
    const titles = () => titlesOf(store, reportId);
    await run.step('script', { failed, starting: 'Running' }, async (scope) => {
      expect(await titles()).toEqual(['script: Information Running']);
      scope.report('Information', 'Ran');
    });
    expect(await titles()).toEqual(['script: Information Ran']);
    await run.step('build', { failed, starting: 'Building', mayRepeat: true }, async (scope) => {
      await expect.poll(titles).toContain('build: Information Building');
      scope.report('Information', 'Built');
    });
    expect(await titles()).toEqual(['script: Information Ran', 'build: Information Built']);
  });

  test('that may run again and is over at once is recorded with what is committed next', async () => {
    const { store } = await open();
    await using _ = store;
    const commits: (readonly Change[])[] = [];
    const commit: Store['commit'] = (changes, fence) => {
      commits.push(changes);
      return store.commit(changes, fence);
    };
    const run = await start({ ...store, commit }, await claimAgain(store));
    const options = { failed, starting: 'Looking', mayRepeat: true };
    await run.step('look', options, async (scope) => {
      scope.report('Information', 'Looked');
      return 1;
    });
    await run.step('build', options, async () => 'built');
    expect(commits).toEqual([]);
    await run.step('propose', { failed }, async (scope) => {
      scope.change(insert('made'));
    });
    expect(commits).toHaveLength(1);
    const steps = await store.operations.steps('o');
    expect(new Map(steps.map(({ name, result }) => [name, result]))).toEqual(
      new Map(Object.entries({ look: 1, build: 'built', propose: null })),
    );
    expect(await titlesOf(store, reportId)).toEqual(['look: Information Looked']);
  });

  test('is not written down before what was to be written before it', async () => {
    const { store } = await open();
    await using _ = store;
    const first = Promise.withResolvers<void>();
    const commits: (readonly Change[])[] = [];
    const commit: Store['commit'] = async (changes, fence) => {
      commits.push(changes);
      if (commits.length === 1) await first.promise;
      await store.commit(changes, fence);
    };
    const run = await start({ ...store, commit }, await claimAgain(store));
    const taken = run.commit([insert('made')]);
    await run.step('look', { failed, mayRepeat: true }, async () => 'seen');
    const flushed = run.flush();
    const changed = run.step('change', { failed }, async () => 'changed');
    await expect.poll(() => commits.length).toBe(1);
    expect(await store.operations.steps('o')).toEqual([]);
    first.resolve();
    await Promise.all([taken, flushed, changed]);
    expect(commits.map((changes) => changes.map(({ kind }) => kind))).toEqual([
      ['insert-deployment'],
      ['begin-step', 'put-entries', 'put-step'],
      ['begin-step', 'put-entries', 'put-step'],
    ]);
  });

  test('that may run again is recorded soon even where nothing comes next', async () => {
    const { store, run } = await open();
    await using _ = store;
    await run.step('look', { failed, mayRepeat: true }, async () => 'seen');
    const steps = () => store.operations.steps('o');
    await expect.poll(steps).toEqual([{ name: 'look', result: 'seen' }]);
  });

  test('that may run again is not forgotten by a commit that fails', async () => {
    const { store, run } = await open();
    await using _ = store;
    await store.commit([insert('taken')]);
    await run.step('look', { failed, mayRepeat: true }, async () => 'seen');
    await expect(run.commit([insert('taken')])).rejects.toThrow();
    await run.flush();
    expect(await store.operations.steps('o')).toEqual([{ name: 'look', result: 'seen' }]);
  });

  test('that changes something is recorded before the next one begins, even if it may run again', async () => {
    const { store, run } = await open();
    await using _ = store;
    await run.step('change', { failed, mayRepeat: true }, async (scope) => {
      scope.change(insert('made'));
    });
    expect(await store.deployments.byId('made')).toBeDefined();
    expect(await store.operations.steps('o')).toMatchObject([{ name: 'change' }]);
  });

  test('that is not done at its deadline is told to stop, and fails', async () => {
    const { store, run } = await open();
    await using _ = store;
    const options = { failed, deadlineMs: 1 };
    const failing = run.step('build', options, ({ signal }) => aborted(signal));
    await expect(failing).rejects.toThrow(/^It was not done after 0 s and was stopped/);
    await expect(failing).rejects.toBeInstanceOf(StepFailure);
    expect(await store.operations.steps('o')).toEqual([]);
  });

  test('that fails changes nothing, and tells what it had to say', async () => {
    const { store, run } = await open();
    await using _ = store;
    const cause = new RuntimeFailure('Too bad.', { nextStep: 'Mend it.' });
    const options = { failed, application: 'app' };
    const failing = run.step('build', options, async (scope) => {
      scope.report('Warning', 'Note');
      scope.change(insert('never'));
      throw cause;
    });
    await expect(failing).rejects.toThrow(StepFailure);
    await expect(failing).rejects.toMatchObject({
      step: 'build',
      options,
      cause,
      message: 'Too bad.\nMend it.',
      entries: [{ type: 'Warning', title: 'Note', application: 'app' }],
    });
    expect(await store.operations.steps('o')).toEqual([]);
    expect(await store.deployments.byId('never')).toBeUndefined();
  });

  test('that failed runs again in the next attempt', async () => {
    const { store, run } = await open();
    await using _ = store;
    const failing = run.step('build', { failed }, () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    const next = await start(store, await claimAgain(store));
    expect(await next.step('build', { failed }, async () => 'built')).toBe('built');
  });

  test('does not begin once the run is to stop, and ends with the reason', async () => {
    const { store } = await open();
    await using _ = store;
    const stop = new AbortController();
    const run = await start(store, await claimAgain(store), stop.signal);
    const stopped = run.step('build', { failed }, async () => {
      stop.abort(new Error('The control plane stops'));
      throw new Error('killed');
    });
    await expect(stopped).rejects.toThrow('The control plane stops');
    const later = run.step('later', { failed }, async () => expect.fail('ran'));
    await expect(later).rejects.toThrow('The control plane stops');
    expect(await store.operations.steps('o')).toEqual([]);
  });
});

describe('a worker that has lost its lease', () => {
  test('writes nothing more, in whatever way it tries', async () => {
    const { store, run } = await open();
    await using _ = store;
    const next = await start(store, await claimAgain(store));
    await next.step('build', { failed }, async () => 'new');
    const late = run.step('build', { failed }, async (scope) => {
      scope.report('Information', 'Late');
      scope.change(insert('late'));
      return 'late';
    });
    await expect(late).rejects.toThrow(FencedOff);
    const announced = run.step('a', { failed, starting: 'Late' }, async () => 'late');
    await expect(announced).rejects.toThrow(FencedOff);
    await expect(run.commit([insert('late')])).rejects.toThrow(FencedOff);
    await expect(run.finish('failed', [insert('late')])).rejects.toThrow(FencedOff);
    expect(await store.deployments.byId('late')).toBeUndefined();
    expect(await titlesOf(store, reportId)).toEqual([]);
    expect(await store.operations.steps('o')).toEqual([{ name: 'build', result: 'new' }]);
    expect(await store.operations.countOpen()).toBe(1);
  });
});

describe('the end of an operation', () => {
  test('is one commit with what it changes and reports', async () => {
    const { store, run } = await open();
    await using _ = store;
    const last = { step: 'finish', entries: [run.entry('Information', 'Done', 'In 1 s.')] };
    await run.finish('succeeded', [insert('made')], last);
    expect(await store.deployments.byId('made')).toBeDefined();
    expect(await titlesOf(store, reportId)).toEqual(['finish: Information Done']);
    expect(await store.operations.countOpen()).toBe(0);
  });

  test('is no success once somebody has asked to cancel it', async () => {
    const { store, run } = await open();
    await using _ = store;
    await store.commit([requestCancel('o')]);
    await expect(run.finish('succeeded', [insert('made')])).rejects.toThrow(CancelRequested);
    await expect(run.forbidCancel('too late')).rejects.toThrow(CancelRequested);
    expect(await store.deployments.byId('made')).toBeUndefined();
    await run.finish('cancelled', []);
    expect(await store.operations.countOpen()).toBe(0);
  });

  test('that cannot be committed leaves it open', async () => {
    const { store, run } = await open();
    await using _ = store;
    await store.commit([insert('taken')]);
    await expect(run.finish('succeeded', [insert('taken')])).rejects.toThrow();
    expect(await store.operations.countOpen()).toBe(1);
  });
});

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
