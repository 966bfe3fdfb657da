import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Connector,
  type IntegrationType,
  integrationTypes,
} from '../../../src/core/connector.ts';
import { type ConnectorSearch, isFound, wordsOf } from '../../../src/core/connector-search.ts';
import { connector } from '../../support/records.ts';
import type { PrepareStore } from './place.ts';

const everything: ConnectorSearch = {
  projectKey: 'shop',
  onlyPrivate: false,
  words: [],
  ids: [],
  keys: [],
  integrationTypes: [],
};
const page = { limit: 500, offset: 0 };

/** Few values, so that much is found by chance; with what a pattern or a locale would trip over. */
const word = fc.constantFrom(
  'Tax',
  'tax',
  'ÉTÉ',
  'été',
  '100%',
  '_',
  'a_b',
  '\\',
  "O'Neil",
  'ﬁn',
  'fin',
  'İ',
  'ß',
  '漢字',
  '😀',
);
const project = fc.constantFrom('shop', 'other', 'third');
const type = fc.constantFrom<IntegrationType>(...integrationTypes.slice(0, 4));

const anyConnector = fc.record({
  projectKey: project,
  private: fc.boolean(),
  listed: fc.boolean(),
  name: fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join(' ')),
  description: fc.option(fc.array(word, { maxLength: 3 }).map((words) => words.join(' - '))),
  company: fc.option(fc.constantFrom('Acme', 'ACME', 'Été', 'été', '')),
  key: fc.option(fc.constantFrom('key-a', 'key-b')),
  integrationTypes: fc.uniqueArray(type),
  privateProjects: fc.uniqueArray(project.map((key) => `europe-west1.gcp:${key}`)),
  createdAt: fc.nat(5),
});

const anySearch = fc.record({
  projectKey: project,
  onlyPrivate: fc.boolean(),
  text: fc.array(word, { maxLength: 2 }).map((words) => words.join(' ')),
  company: fc.option(fc.constantFrom('acme', 'ÉTÉ', '')),
  ids: fc.uniqueArray(fc.constantFrom('c0', 'c1', 'nowhere'), { maxLength: 2 }),
  keys: fc.uniqueArray(fc.constantFrom('key-a', 'key-z'), { maxLength: 2 }),
  integrationTypes: fc.uniqueArray(type, { maxLength: 2 }),
});

export function describeSearch(prepare: PrepareStore): void {
  const open = async () => (await prepare()).open();

  describe('searching connectors', () => {
    test('finds what the rule finds, whatever there is and whatever is asked', async () => {
      await using store = await open();
      await fc.assert(
        fc.asyncProperty(
          fc.array(anyConnector, { minLength: 1, maxLength: 8 }),
          fc.array(anySearch, { minLength: 1, maxLength: 10 }),
          async (drafts, searches) => {
            const connectors = drafts.map(recordOf);
            await store.commit(connectors.map((record) => ({ kind: 'put-connector', record })));
            const ids = connectors.map(({ id }) => id);
            for (const { text, company, ...rest } of searches) {
              const search: ConnectorSearch = {
                ...rest,
                words: wordsOf(text),
                ...(company === null ? {} : { company }),
              };
              const found = await store.connectors.search(search, page);
              const ours = found.results.filter(({ id }) => ids.includes(id));
              const expected = connectors.filter((one) => isFound(one, search));
              expect(ours.toSorted(byId)).toEqual(expected.toSorted(byId));
            }
          },
        ),
        { numRuns: 60 },
      );
    });

    test('gives pages of one order, newest first', async () => {
      await using store = await open();
      const connectors = Array.from({ length: 7 }, (_, i) =>
        connector({ id: `c${i}`, private: false, createdAt: 1000 + (i % 3) }),
      );
      for (const record of connectors) await store.commit([{ kind: 'put-connector', record }]);
      const expected = connectors
        .toSorted((a, b) => b.createdAt - a.createdAt || byId(a, b))
        .map(({ id }) => id);
      const pages = await Promise.all(
        [0, 3, 6, 9].map((offset) => store.connectors.search(everything, { limit: 3, offset })),
      );

      expect(pages.flatMap(({ results }) => results.map(({ id }) => id))).toEqual(expected);
      expect(pages.map(({ total }) => total)).toEqual([7, 7, 7, 7]);
      const sort = [{ field: 'createdAt', direction: 'asc' }] as const;
      const oldest = await store.connectors.search(everything, { limit: 1, offset: 0, sort });
      expect(oldest.results.map(({ id }) => id)).toEqual(['c0']);
    });

    test('goes by what was published last', async () => {
      await using store = await open();
      const before = connector({ id: 'c', name: 'Old', privateProjects: ['x:shop'] });
      await store.commit([{ kind: 'put-connector', record: before }]);
      const searched = (words: readonly string[]) =>
        store.connectors.search({ ...everything, words }, page);
      expect((await searched(['old'])).total).toBe(1);
      const after = { ...before, name: 'New', privateProjects: [] };
      await store.commit([{ kind: 'put-connector', record: after }]);

      expect((await searched(['new'])).total).toBe(0);
      await store.commit([{ kind: 'put-connector', record: { ...after, private: false } }]);
      expect((await searched(['new'])).total).toBe(1);
      expect((await searched(['old'])).total).toBe(0);
    });
  });
}

type Draft = typeof anyConnector extends fc.Arbitrary<infer T> ? T : never;

function recordOf({ description, company, key, ...draft }: Draft, index: number): Connector {
  return connector({
    ...draft,
    id: `c${index}`,
    creator: { email: 'a@b.c', ...(company === null ? {} : { company }) },
    ...(description === null ? {} : { description }),
    ...(key === null ? {} : { key }),
  });
}

function byId(one: { readonly id: string }, other: { readonly id: string }): number {
  return one.id < other.id ? -1 : 1;
}
