import { describe, expect, test } from 'vitest';
import type { AuditLogEntry } from '../../../src/core/audit-log.ts';
import { AlreadyKept, DuplicateKey, StaleVersion } from '../../../src/core/store-failure.ts';
import type { Change, Store } from '../../../src/ports/store.ts';
import { runProgram } from '../../support/program.ts';
import { apiClient, deployment, operation } from '../../support/records.ts';
import type { PrepareStore } from './place.ts';

const raiseProgram = new URL('../../fixtures/store/raise.ts', import.meta.url);
const numbers = Array.from({ length: 12 }, (_, number) => number);

/** What commits promise that come at the same moment. */
export function describeAtOnce(prepare: PrepareStore): void {
  const open = async () => (await prepare()).open();
  /** The names of what they failed with, in no order; done is ''. */
  const commitAll = async (store: Store, commits: readonly (readonly Change[])[]) => {
    const settled = await Promise.allSettled(commits.map((changes) => store.commit(changes)));
    return settled
      .map((one) => (one.status === 'fulfilled' ? '' : (one.reason as Error).name))
      .toSorted();
  };
  const butOne = (error: string) => ['', ...numbers.slice(1).map(() => error)];

  describe('commits at once', () => {
    test('of processes lose no update, of one subject and of several', {
      timeout: 60_000,
    }, async () => {
      const place = await prepare();
      await using store = await place.open();
      const ids = ['one', 'other', 'third'];
      await store.commit(
        ids.map((id) => ({ kind: 'insert-deployment', record: deployment({ id, version: 1 }) })),
      );
      const orders = [ids, ids.toReversed(), ['one']];
      await Promise.all(orders.map((of) => runProgram(raiseProgram, [place.address, '20', ...of])));
      const versions = await Promise.all(ids.map((id) => store.deployments.byId(id)));
      expect(versions.map((record) => record?.version)).toEqual([61, 41, 41]);
    });

    test('that read the same version: one is done', async () => {
      await using store = await open();
      await store.commit([{ kind: 'insert-deployment', record: deployment({ version: 1 }) }]);
      const update: Change = {
        kind: 'update-deployment',
        record: deployment({ version: 2 }),
        expectedVersion: 1,
      };
      const outcome = await commitAll(
        store,
        numbers.map((number) => [
          update,
          { kind: 'insert-operation', operation: operation(`o${number}`) },
        ]),
      );
      expect(outcome).toEqual(butOne(StaleVersion.name));
      expect(await store.operations.countOpen()).toBe(1);
    });

    test('that take the same key: one is done', async () => {
      await using store = await open();
      const commits = numbers.map((number): readonly Change[] => [
        { kind: 'insert-deployment', record: deployment({ id: `d${number}`, key: 'same' }) },
      ]);
      expect(await commitAll(store, commits)).toEqual(butOne(DuplicateKey.name));
    });

    test('that keep an answer of the same id: one is done', async () => {
      await using store = await open();
      const limits = { count: 100, bytes: 1_000_000, ageMs: 1000 };
      const answer = { id: 'same', projectKey: 'project', sealed: 'x', createdAt: 1 };
      const commits = numbers.map((): readonly Change[] => [
        { kind: 'insert-kept-answer', answer, limits },
      ]);
      expect(await commitAll(store, commits)).toEqual(butOne(AlreadyKept.name));
    });

    test('that ask to cancel the same operation: one is entered in the audit log', async () => {
      await using store = await open();
      await store.commit([{ kind: 'insert-operation', operation: operation('o') }]);
      const cancel = (by: string): readonly Change[] => [
        {
          kind: 'append-audit-log',
          entry: auditEntry(by),
          onlyWhile: { cancellable: 'o' },
        },
        {
          kind: 'request-cancel',
          projectKey: 'project',
          operationId: 'o',
          request: { at: 1, by },
        },
      ];
      await commitAll(
        store,
        numbers.map((number) => cancel(`client-${number}`)),
      );
      const { results } = await store.auditLog.query('project', { limit: 20, offset: 0 });
      const [asked] = await store.operations.cancelRequests();
      expect(results.map(({ correlationId }) => correlationId)).toEqual([asked?.cancel?.by]);
    });

    test('that make tokens of one client leave as many as may stay', async () => {
      await using store = await open();
      await store.commit([{ kind: 'put-client', client: apiClient() }]);
      const commits = numbers.map((number): readonly Change[] => [
        {
          kind: 'put-token',
          token: {
            hash: `t${number}`,
            clientId: 'c',
            projectKey: 'project',
            scopes: [],
            expiresAt: 1000 + number,
          },
          keep: 3,
        },
      ]);
      expect(await commitAll(store, commits)).toEqual(numbers.map(() => ''));
      const left = await Promise.all(numbers.map((number) => store.projects.token(`t${number}`)));
      expect(left.filter((one) => one !== undefined)).toHaveLength(3);
    });

    test('that write the same records in opposite orders are all done', async () => {
      await using store = await open();
      const put = (id: string): Change => ({
        kind: 'put-project',
        project: { key: id, productionEnabled: true, createdAt: 1 },
      });
      await store.commit([put('a'), put('b')]);
      const commits = numbers.map((number) =>
        number % 2 === 0 ? [put('a'), put('b')] : [put('b'), put('a')],
      );
      expect(await commitAll(store, commits)).toEqual(numbers.map(() => ''));
    });
  });
}

function auditEntry(correlationId: string): AuditLogEntry {
  return {
    projectKey: 'project',
    at: 1,
    action: 'cancel',
    actor: { type: 'operator' },
    correlationId,
    resource: { typeId: 'operation', id: 'o' },
    shortened: false,
  };
}
