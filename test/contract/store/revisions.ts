import { describe, expect, test } from 'vitest';
import { FencedOff } from '../../../src/core/store-failure.ts';
import type { Change } from '../../../src/ports/store.ts';
import { revision, revisionApplication } from '../../support/records.ts';
import { commitEach, failureOf, type PrepareStore } from './place.ts';

export function describeRevisions(prepare: PrepareStore): void {
  const insert = (more: Parameters<typeof revision>[0] = {}): Change => ({
    kind: 'insert-revision',
    record: revision(more),
  });
  const openWith = async (...changes: readonly Change[]) => {
    const store = await (await prepare()).open();
    await commitEach(store, changes);
    return store;
  };

  describe('revisions', () => {
    test('come back as they were inserted', async () => {
      const configuration = {
        standard: [{ key: 'A', value: 'ä' }],
        secured: [{ key: 'S', sealed: 'sealed', empty: false, length: 3 }],
      };
      const record = revision({
        number: 7,
        applications: [revisionApplication({ configuration, schedule: '@daily' })],
        globalConfiguration: configuration,
      });
      await using store = await openWith({ kind: 'insert-revision', record });
      expect(await store.revisions.get('project', 'deployment', 7)).toEqual(record);
    });

    test('are listed newest first, page by page', async () => {
      await using store = await openWith(
        ...[2, 10, 1, 9].map((number) => insert({ number })),
        insert({ number: 11, deploymentId: 'other' }),
      );
      const page = async (limit: number, offset: number) => {
        const { total, results } = await store.revisions.query('project', 'deployment', {
          limit,
          offset,
        });
        return [total, results.map(({ number }) => number)];
      };
      expect(await page(20, 0)).toEqual([4, [10, 9, 2, 1]]);
      expect(await page(2, 1)).toEqual([4, [9, 2]]);
      expect(await page(2, 4)).toEqual([4, []]);
      expect(await page(0, 0)).toEqual([4, []]);
      expect(await store.revisions.numbers('project', 'deployment')).toEqual([10, 9, 2, 1]);
    });

    test('are seen by their own project and Deployment only', async () => {
      await using store = await openWith(insert());
      for (const [project, id] of [
        ['other', 'deployment'],
        ['project', 'other'],
      ] as const) {
        expect(await store.revisions.get(project, id, 1)).toBeUndefined();
        expect(await store.revisions.numbers(project, id)).toEqual([]);
        expect(await store.revisions.query(project, id, { limit: 20, offset: 0 })).toEqual({
          total: 0,
          results: [],
        });
      }
      expect(await store.revisions.get('project', 'deployment', 2)).toBeUndefined();
    });

    test('are never written over', async () => {
      await using store = await openWith(insert());
      expect(await failureOf(store.commit([insert({ createdAt: 2000 })]))).toBeInstanceOf(Error);
      expect(await store.revisions.get('project', 'deployment', 1)).toEqual(revision());
    });

    test('are deleted by their numbers', async () => {
      await using store = await openWith(
        ...[1, 2, 3].map((number) => insert({ number })),
        insert({ deploymentId: 'other' }),
      );
      const remove = (numbers: readonly number[]): Change => ({
        kind: 'delete-revisions',
        deploymentId: 'deployment',
        numbers,
      });
      await commitEach(store, [remove([]), remove([1, 3, 99])]);
      expect(await store.revisions.numbers('project', 'deployment')).toEqual([2]);
      expect(await store.revisions.numbers('project', 'other')).toEqual([1]);
    });

    test('of an outdated attempt are not written', async () => {
      await using store = await openWith();
      const outdated = store.commit([insert()], { operationId: 'unknown', attempt: 1 });
      expect(await failureOf(outdated)).toBeInstanceOf(FencedOff);
      expect(await store.revisions.numbers('project', 'deployment')).toEqual([]);
    });
  });
}
