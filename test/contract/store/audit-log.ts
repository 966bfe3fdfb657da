import { describe, expect, test } from 'vitest';
import type { AuditLogEntry } from '../../../src/core/audit-log.ts';
import { StaleVersion } from '../../../src/core/store-failure.ts';
import type { AuditLogFilter, Change, Store } from '../../../src/ports/store.ts';
import { deployment, operation } from '../../support/records.ts';
import { commitEach, failureOf, type PrepareStore } from './place.ts';

export function describeAuditLog(prepare: PrepareStore): void {
  const open = async () => (await prepare()).open();

  describe('the audit log', () => {
    test('gives back what was appended, newest first, each with a higher number', async () => {
      await using store = await open();
      await commitEach(store, [append('first'), append('second', { shortened: true })]);
      const { total, results } = await store.auditLog.query('project', { limit: 10, offset: 0 });
      expect(total).toBe(2);
      const [newer, older] = results;
      expect(older).toEqual({ ...entry('first'), sequence: older?.sequence });
      expect(newer).toEqual({ ...entry('second', { shortened: true }), sequence: newer?.sequence });
      expect(newer?.sequence).toBeGreaterThan(older?.sequence ?? 0);
    });

    test('shows a project only its own entries, and an operator all', async () => {
      await using store = await open();
      await commitEach(store, [append('own'), append('foreign', { projectKey: 'foreign' })]);
      expect(await actionsOf(store)).toEqual(['own']);
      expect(await actionsOf(store, {}, 'foreign')).toEqual(['foreign']);
      expect(await actionsOf(store, {}, 'unknown')).toEqual([]);
      const all = await store.auditLog.queryAnywhere({ limit: 10, offset: 0 });
      expect(all.results.map(({ action }) => action)).toEqual(['foreign', 'own']);
    });

    test('is paged', async () => {
      await using store = await open();
      await commitEach(
        store,
        ['a', 'b', 'c', 'd'].map((action) => append(action)),
      );
      const page = await store.auditLog.query('project', { limit: 2, offset: 1 });
      expect(page.total).toBe(4);
      expect(page.results.map(({ action }) => action)).toEqual(['c', 'b']);
    });

    test('is filtered by resource, actor, action and time, all at once', async () => {
      await using store = await open();
      const client = (clientId: string, subject?: string) =>
        ({ type: 'client', clientId, ...(subject === undefined ? {} : { subject }) }) as const;
      await commitEach(store, [
        append('a', { at: 1, actor: client('one'), resource: { typeId: 'deployment', id: 'x' } }),
        append('b', {
          at: 2,
          actor: client('two', 'one'),
          resource: { typeId: 'project', id: 'y' },
        }),
        append('c', {
          at: 3,
          actor: { type: 'operator' },
          resource: { typeId: 'operation', id: 'o', subject: { typeId: 'deployment', id: 'x' } },
        }),
        append('a', { at: 4, actor: client('two') }),
      ]);
      expect(await timesOf(store, { resourceId: 'x' })).toEqual([3, 1]);
      expect(await timesOf(store, { resourceId: 'o' })).toEqual([3]);
      expect(await timesOf(store, { actor: 'one' })).toEqual([2, 1]);
      expect(await timesOf(store, { actor: 'two' })).toEqual([4, 2]);
      expect(await timesOf(store, { actor: 'operator' })).toEqual([3]);
      expect(await timesOf(store, { action: 'a' })).toEqual([4, 1]);
      expect(await timesOf(store, { from: 2 })).toEqual([4, 3, 2]);
      expect(await timesOf(store, { to: 2 })).toEqual([2, 1]);
      expect(await timesOf(store, { from: 2, to: 3, actor: 'two' })).toEqual([2]);
      expect(await timesOf(store, { action: 'a', actor: 'operator' })).toEqual([]);
      expect(await timesOf(store, { resourceId: "' or 1=1 --" })).toEqual([]);
    });

    test('has no entry of a commit that was refused', async () => {
      await using store = await open();
      await store.commit([{ kind: 'insert-deployment', record: deployment() }]);
      const stale = store.commit([
        append('redeploy'),
        { kind: 'update-deployment', record: deployment({ version: 8 }), expectedVersion: 7 },
      ]);
      expect(await failureOf(stale)).toBeInstanceOf(StaleVersion);
      expect(await actionsOf(store)).toEqual([]);
    });

    test('takes an entry that depends on a client or an operation only while it is there', async () => {
      await using store = await open();
      const remove: Change = { kind: 'delete-client', projectKey: 'project', id: 'c' };
      const request: Change = {
        kind: 'request-cancel',
        projectKey: 'project',
        operationId: 'a',
        request: { at: 1, by: 'c' },
      };
      await store.commit([putClient('c'), { kind: 'insert-operation', operation: operation('a') }]);
      for (const foreign of [{ client: 'c' }, { cancellable: 'a' }]) {
        await store.commit([append('foreign', { projectKey: 'foreign' }, foreign)]);
      }
      for (let time = 0; time < 2; time += 1) {
        await store.commit([append('cancel', {}, { cancellable: 'a' }), request]);
        await store.commit([append('delete', {}, { client: 'c' }), remove]);
      }
      expect(await actionsOf(store)).toEqual(['delete', 'cancel']);
      expect(await actionsOf(store, {}, 'foreign')).toEqual([]);
    });

    test('forgets what is old, and of each project all but the newest', async () => {
      await using store = await open();
      await commitEach(store, [
        ...[1, 2, 3, 4].map((at) => append(`a${at}`, { at })),
        append('b1', { projectKey: 'other', at: 1 }),
        append('b5', { projectKey: 'other', at: 5 }),
      ]);
      await store.commit([{ kind: 'prune-audit-log', before: 2, keep: 2 }]);
      expect(await actionsOf(store)).toEqual(['a4', 'a3']);
      expect(await actionsOf(store, {}, 'other')).toEqual(['b5']);
    });

    test('gives no number twice, also after the newest entries were forgotten', async () => {
      await using store = await open();
      await store.commit([append('a')]);
      const [before] = (await store.auditLog.queryAnywhere({ limit: 1, offset: 0 })).results;
      await store.commit([{ kind: 'prune-audit-log', before: 0, keep: 0 }]);
      await store.commit([append('b')]);
      const [after] = (await store.auditLog.queryAnywhere({ limit: 1, offset: 0 })).results;
      expect(after?.sequence).toBeGreaterThan(before?.sequence ?? Number.POSITIVE_INFINITY);
    });
  });
}

function entry(action: string, more: Partial<AuditLogEntry> = {}): AuditLogEntry {
  return {
    projectKey: 'project',
    at: 1000,
    actor: { type: 'client', clientId: 'client' },
    correlationId: 'correlation',
    action,
    resource: { typeId: 'deployment', id: 'deployment', key: 'key' },
    before: { version: 1 },
    after: { version: 2, text: '"\\\n ä 😀' },
    shortened: false,
    ...more,
  };
}

function append(
  action: string,
  more: Partial<AuditLogEntry> = {},
  onlyWhile?: { readonly client: string } | { readonly cancellable: string },
): Change {
  return {
    kind: 'append-audit-log',
    entry: entry(action, more),
    ...(onlyWhile === undefined ? {} : { onlyWhile }),
  };
}

function putClient(id: string): Change {
  const client = { id, projectKey: 'project', name: id, scopes: [], secretHash: '', createdAt: 1 };
  return { kind: 'put-client', client };
}

async function find(store: Store, filter: AuditLogFilter, projectKey = 'project') {
  const page = { limit: 10, offset: 0, ...filter };
  const { total, results } = await store.auditLog.query(projectKey, page);
  expect(total).toBe(results.length);
  return results;
}

const actionsOf = async (store: Store, filter: AuditLogFilter = {}, projectKey = 'project') =>
  (await find(store, filter, projectKey)).map(({ action }) => action);

const timesOf = async (store: Store, filter: AuditLogFilter) =>
  (await find(store, filter)).map(({ at }) => at);
