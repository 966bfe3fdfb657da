import { describe, expect, test } from 'vitest';
import type { KeptAnswer, KeptAnswerLimits } from '../../../src/core/kept-answer.ts';
import { AlreadyKept } from '../../../src/core/store-failure.ts';
import type { Change, Store } from '../../../src/ports/store.ts';
import { deployment } from '../../support/records.ts';
import { commitEach, failureOf, type PrepareStore } from './place.ts';

/** Answers for requests that are sent again. */
export function describeKeptAnswers(prepare: PrepareStore): void {
  const open = async () => (await prepare()).open();

  describe('a kept answer', () => {
    test('comes back as it was put, in its project only, and as it was changed', async () => {
      await using store = await open();
      await store.commit([insert(answer('a'))]);
      expect(await store.keptAnswers.get('project', 'a')).toEqual(answer('a'));
      expect(await store.keptAnswers.get('other', 'a')).toBeUndefined();
      expect(await store.keptAnswers.get('project', 'b')).toBeUndefined();
      await commitEach(store, [
        { kind: 'update-kept-answer', id: 'a', sealed: 'changed' },
        { kind: 'update-kept-answer', id: 'unknown', sealed: 'changed' },
      ]);
      expect(await store.keptAnswers.get('project', 'a')).toMatchObject({ sealed: 'changed' });
      expect(await store.keptAnswers.get('project', 'unknown')).toBeUndefined();
    });

    test('is kept once: whoever comes second changes nothing at all', async () => {
      await using store = await open();
      await store.commit([insert(answer('a'))]);
      const effect = { kind: 'insert-deployment', record: deployment() } as const;
      for (const changes of [
        [insert(answer('a', { sealed: 'second' })), effect],
        [effect, insert(answer('a', { sealed: 'second' }))],
      ]) {
        expect(await failureOf(store.commit(changes))).toBeInstanceOf(AlreadyKept);
        expect(await store.deployments.byId('deployment')).toBeUndefined();
        expect(await store.keptAnswers.get('project', 'a')).toEqual(answer('a'));
      }
    });

    test('of two that come at the same time one has its effect', async () => {
      const place = await prepare();
      await using store = await place.open();
      await using other = await place.open();
      const outcomes = await Promise.all(
        [store, other].map((one, at) =>
          failureOf(
            one.commit([
              insert(answer('a')),
              { kind: 'insert-deployment', record: deployment({ id: `d${at}` }) },
            ]),
          ),
        ),
      );
      expect(outcomes.filter((outcome) => outcome === undefined)).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome instanceof AlreadyKept)).toHaveLength(1);
      const { total } = await store.deployments.query('project', { limit: 0, offset: 0 });
      expect(total).toBe(1);
    });

    test('is not kept where the rest of the commit is refused', async () => {
      await using store = await open();
      await store.commit([{ kind: 'insert-deployment', record: deployment({ key: 'taken' }) }]);
      const taken = deployment({ id: 'second', key: 'taken' });
      const failed = store.commit([
        insert(answer('a')),
        { kind: 'insert-deployment', record: taken },
      ]);
      await expect(failed).rejects.toMatchObject({ name: 'DuplicateKey', key: 'taken' });
      expect(await store.keptAnswers.get('project', 'a')).toBeUndefined();
    });

    test('is swept up by new ones when it is too old, and its id is free again', async () => {
      await using store = await open();
      await commitEach(store, [
        insert(answer('of-another', { projectKey: 'other', createdAt: 1000 })),
        insert(answer('old', { createdAt: 1000 })),
        insert(answer('young', { createdAt: 1001 })),
      ]);
      const again = answer('old', { createdAt: 1000 + ageMs, sealed: 'again' });
      await store.commit([insert(again)]);
      expect(await idsIn(store, ['of-another', 'old', 'young'])).toEqual(['old', 'young']);
      expect(await store.keptAnswers.get('project', 'old')).toEqual(again);
    });

    test('is forgotten by age', async () => {
      await using store = await open();
      await commitEach(store, [
        insert(answer('a', { createdAt: 1000 })),
        insert(answer('b', { createdAt: 1001 })),
        { kind: 'forget-kept-answers', until: 1000 },
      ]);
      expect(await idsIn(store, ['a', 'b'])).toEqual(['b']);
    });

    test('makes room for new ones of its project, the oldest first', async () => {
      await using store = await open();
      const few = { ...limits, count: 3 };
      await store.commit([insert(answer('other', { projectKey: 'other' }), few)]);
      const ids = ['a', 'b', 'c', 'd', 'e'];
      await commitEach(
        store,
        ids.map((id) => insert(answer(id), few)),
      );
      expect(await idsIn(store, [...ids, 'other'])).toEqual(['c', 'd', 'e', 'other']);
    });

    test('makes room by its size, also when that has changed, but never for itself', async () => {
      await using store = await open();
      const small = { ...limits, bytes: 100 };
      const sized = (id: string, bytes: number) =>
        insert(answer(id, { sealed: 'x'.repeat(bytes) }), small);
      await commitEach(store, [sized('a', 40), sized('b', 40), sized('c', 40)]);
      expect(await idsIn(store, ['a', 'b', 'c'])).toEqual(['b', 'c']);
      await commitEach(store, [
        { kind: 'update-kept-answer', id: 'c', sealed: 'x'.repeat(70) },
        sized('d', 20),
      ]);
      expect(await idsIn(store, ['b', 'c', 'd'])).toEqual(['c', 'd']);
      await store.commit([sized('huge', 1000)]);
      expect(await idsIn(store, ['c', 'd', 'huge'])).toEqual(['huge']);
    });
  });
}

const ageMs = 10_000;
const limits: KeptAnswerLimits = { ageMs, count: 100, bytes: 10_000 };

function insert(kept: KeptAnswer, bounds = limits): Change {
  return { kind: 'insert-kept-answer', answer: kept, limits: bounds };
}

function answer(id: string, more: Partial<KeptAnswer> = {}): KeptAnswer {
  return { id, projectKey: 'project', sealed: 'sealed', createdAt: 5000, ...more };
}

/** Of these, those that are there in either project. */
async function idsIn(store: Store, ids: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(
    ids.map(
      async (id) =>
        (await store.keptAnswers.get('project', id)) ?? (await store.keptAnswers.get('other', id)),
    ),
  );
  return found.flatMap((one) => (one === undefined ? [] : [one.id]));
}
