import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type IntegrationType, integrationTypes } from '../../../src/core/connector.ts';
import {
  type Deployment,
  type DeploymentType,
  deploymentTypes,
  snapshotConnector,
} from '../../../src/core/deployment.ts';
import type { Change, Store } from '../../../src/ports/store.ts';
import { connector, deployment } from '../../support/records.ts';
import { failureOf, type PrepareStore } from './place.ts';

interface Asked {
  readonly type?: DeploymentType;
  readonly integrationTypes: readonly IntegrationType[];
  readonly sort: readonly {
    readonly field: 'createdAt' | 'lastModifiedAt';
    readonly direction: 'asc' | 'desc';
  }[];
  readonly limit: number;
  readonly offset: number;
}

const someTypes = fc.uniqueArray(fc.constantFrom(...integrationTypes.slice(0, 3)));
const content = fc.record({
  type: fc.constantFrom(...deploymentTypes),
  integrationTypes: someTypes,
  createdAt: fc.nat(4),
  lastModifiedAt: fc.nat(4),
});
const fate = fc.oneof(fc.constant('stays' as const), fc.constant('goes' as const), content);
const anyAsked: fc.Arbitrary<Asked> = fc.record(
  {
    type: fc.constantFrom(...deploymentTypes),
    integrationTypes: someTypes,
    sort: fc.array(
      fc.record({
        field: fc.constantFrom('createdAt' as const, 'lastModifiedAt' as const),
        direction: fc.constantFrom('asc' as const, 'desc' as const),
      }),
      { maxLength: 2 },
    ),
    limit: fc.nat(5),
    offset: fc.nat(5),
  },
  { requiredKeys: ['integrationTypes', 'sort', 'limit', 'offset'] },
);

export function describeDeploymentQueries(prepare: PrepareStore): void {
  const open = async () => (await prepare()).open();

  describe('queries of Deployments', () => {
    test('find and count what a look at each of them finds, whatever has become of them', async () => {
      await using store = await open();
      let run = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(content, fate), { maxLength: 12 }),
          fc.array(anyAsked, { minLength: 1, maxLength: 8 }),
          async (lives, questions) => {
            const projectKey = `project-${run++}`;
            const records = await live(store, projectKey, lives);
            for (const asked of questions) {
              const found = await store.deployments.query(projectKey, asked);
              expect(idsOf(found)).toEqual(idsOf(lookThrough(records, asked)));
            }
          },
        ),
        { numRuns: 40 },
      );
    });

    test('find those of very many kinds', async () => {
      await using store = await open();
      const records = Array.from({ length: 130 }, (_, number) =>
        recordOf('project', `d${number}`, {
          type: 'sandbox',
          // The digits of the number, in binary: no two have the same.
          integrationTypes: integrationTypes.filter((_type, place) => (number >> place) & 1),
          createdAt: number % 7,
          lastModifiedAt: number % 5,
        }),
      );
      await store.commit(records.map((record) => ({ kind: 'insert-deployment', record })));
      const asked = { integrationTypes: integrationTypes.slice(0, 7), sort: [] };
      for (const offset of [0, 60, 120, 130]) {
        const found = await store.deployments.query('project', { ...asked, limit: 10, offset });
        const page = { ...asked, limit: 10, offset };
        expect(idsOf(found)).toEqual(idsOf(lookThrough(records, page)));
      }
    });

    test('count no change that was refused, and none twice that came at once', async () => {
      await using store = await open();
      const one = recordOf('project', 'one', {
        ...{ type: 'sandbox', integrationTypes: ['tax'], createdAt: 1, lastModifiedAt: 1 },
      });
      await store.commit([{ kind: 'insert-deployment', record: one }]);
      const other: Deployment = {
        ...one,
        version: 2,
        connector: { ...one.connector, integrationTypes: ['psp'] },
      };
      const update: Change = { kind: 'update-deployment', record: other, expectedVersion: 1 };
      const outcomes = await Promise.all(
        [update, update, update].map(async (change) => {
          return (await failureOf(store.commit([change]))) === undefined;
        }),
      );
      expect(outcomes.filter(Boolean)).toHaveLength(1);
      const totals = async () =>
        Promise.all(
          (['tax', 'psp'] as const).map(async (type) => {
            const page = { limit: 9, offset: 0, integrationTypes: [type] };
            return (await store.deployments.query('project', page)).total;
          }),
        );
      expect(await totals()).toEqual([0, 1]);
      const gone: Change = { kind: 'delete-deployment', id: 'one', keepAddresses: false };
      await Promise.all([gone, gone, gone].map((change) => store.commit([change])));
      expect(await totals()).toEqual([0, 0]);
      await store.commit([{ kind: 'insert-deployment', record: one }]);
      expect(await totals()).toEqual([1, 0]);
    });
  });
}

interface Content {
  readonly type: DeploymentType;
  readonly integrationTypes: readonly IntegrationType[];
  readonly createdAt: number;
  readonly lastModifiedAt: number;
}

function recordOf(
  projectKey: string,
  id: string,
  { type, integrationTypes: own, createdAt, lastModifiedAt }: Content,
): Deployment {
  return deployment({
    ...{ id, projectKey, type, createdAt, lastModifiedAt },
    connector: snapshotConnector(connector({ integrationTypes: own })),
  });
}

/** @returns what is left of them, as it is then */
async function live(
  store: Store,
  projectKey: string,
  lives: readonly (readonly [Content, Content | 'stays' | 'goes'])[],
): Promise<readonly Deployment[]> {
  const born = lives.map(([first], number) =>
    recordOf(projectKey, `${projectKey}-${number}`, first),
  );
  await store.commit(born.map((record) => ({ kind: 'insert-deployment', record })));
  const left: Deployment[] = [];
  for (const [number, record] of born.entries()) {
    const becomes = lives[number]?.[1] ?? 'stays';
    if (becomes === 'goes')
      await store.commit([{ kind: 'delete-deployment', id: record.id, keepAddresses: false }]);
    else if (becomes === 'stays') left.push(record);
    else {
      const next = { ...recordOf(projectKey, record.id, becomes), version: 2 };
      await store.commit([{ kind: 'update-deployment', record: next, expectedVersion: 1 }]);
      left.push(next);
    }
  }
  return left;
}

function lookThrough(records: readonly Deployment[], asked: Asked) {
  const { type, integrationTypes: wanted, sort, limit, offset } = asked;
  const found = records.filter(
    (record) =>
      (type === undefined || record.type === type) &&
      (wanted.length === 0 ||
        wanted.some((one) => record.connector.integrationTypes.includes(one))),
  );
  const keys = sort.length === 0 ? [{ field: 'createdAt', direction: 'desc' } as const] : sort;
  const inOrder = found.toSorted((one, other) => {
    for (const { field, direction } of keys) {
      const difference = one[field] - other[field];
      if (difference !== 0) return direction === 'asc' ? difference : -difference;
    }
    return one.id < other.id ? -1 : 1;
  });
  return { total: found.length, results: inOrder.slice(offset, offset + limit) };
}

function idsOf({
  total,
  results,
}: {
  readonly total: number;
  readonly results: readonly Deployment[];
}) {
  return { total, ids: results.map(({ id }) => id) };
}
