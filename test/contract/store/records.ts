import { describe, expect, test } from 'vitest';
import { snapshotConnector } from '../../../src/core/deployment.ts';
import type { AccessToken, ApiClient, Store } from '../../../src/ports/store.ts';
import { connector, connectorStaged, deployment, operation } from '../../support/records.ts';
import { commitEach, type PrepareStore } from './place.ts';

export function describeRecords(prepare: PrepareStore): void {
  const open = async () => (await prepare()).open();

  describe('projects', () => {
    test('come back as they were put, the creation time as it was at first', async () => {
      await using store = await open();
      expect(await store.projects.get('p')).toBeUndefined();
      await store.commit([
        { kind: 'put-project', project: { key: 'p', productionEnabled: true, createdAt: 1 } },
      ]);
      await store.commit([
        { kind: 'put-project', project: { key: 'p', productionEnabled: false, createdAt: 2 } },
      ]);
      expect(await store.projects.get('p')).toEqual({
        key: 'p',
        productionEnabled: false,
        createdAt: 1,
      });
    });
  });

  describe('API clients', () => {
    test('come back as they were put, and newer ones replace them', async () => {
      await using store = await open();
      await store.commit([{ kind: 'put-client', client: client('c') }]);
      expect(await store.projects.client('c')).toEqual(client('c'));
      const renamed = client('c', { name: 'renamed', scopes: [] });
      await store.commit([{ kind: 'put-client', client: renamed }]);
      expect(await store.projects.client('c')).toEqual(renamed);
      expect(await store.projects.client('unknown')).toBeUndefined();
    });

    test('of a project are paged, newest first or as asked', async () => {
      await using store = await open();
      await commitEach(store, [
        ...[1, 3, 2].map((createdAt) => ({
          kind: 'put-client' as const,
          client: client(`c${createdAt}`, { createdAt }),
        })),
        { kind: 'put-client', client: client('other', { projectKey: 'other' }) },
      ]);
      const page = await store.projects.clients('project', { limit: 2, offset: 0 });
      expect(page.total).toBe(3);
      expect(page.results.map(({ id }) => id)).toEqual(['c3', 'c2']);
      const rest = await store.projects.clients('project', { limit: 2, offset: 2 });
      expect(rest.results.map(({ id }) => id)).toEqual(['c1']);
      const sort = [{ field: 'createdAt', direction: 'asc' }] as const;
      const oldest = await store.projects.clients('project', { limit: 2, offset: 0, sort });
      expect(oldest.results.map(({ id }) => id)).toEqual(['c1', 'c2']);
    });

    test('take their tokens with them', async () => {
      await using store = await open();
      await commitEach(store, [
        { kind: 'put-client', client: client('c') },
        { kind: 'put-client', client: client('d') },
        { kind: 'put-token', token: token('of-c', 'c'), keep: 9 },
        { kind: 'put-token', token: token('of-d', 'd'), keep: 9 },
      ]);
      expect(await store.projects.token('of-c')).toEqual(token('of-c', 'c'));
      await store.commit([{ kind: 'delete-client', projectKey: 'project', id: 'c' }]);
      expect(await store.projects.client('c')).toBeUndefined();
      expect(await store.projects.token('of-c')).toBeUndefined();
      expect(await store.projects.token('of-d')).toEqual(token('of-d', 'd'));
    });

    test('let no token live that is put when they are gone', async () => {
      await using store = await open();
      await store.commit([{ kind: 'put-client', client: client('c') }]);
      await store.commit([{ kind: 'delete-client', projectKey: 'project', id: 'c' }]);
      await store.commit([{ kind: 'put-token', token: token('late', 'c'), keep: 9 }]);
      expect(await store.projects.token('late')).toBeUndefined();
    });

    test('of another project cannot be deleted, nor their tokens', async () => {
      await using store = await open();
      await commitEach(store, [
        { kind: 'put-client', client: client('c') },
        { kind: 'put-token', token: token('t', 'c'), keep: 9 },
        { kind: 'delete-client', projectKey: 'other', id: 'c' },
      ]);
      expect(await store.projects.client('c')).toBeDefined();
      expect(await store.projects.token('t')).toBeDefined();
    });

    test('only the newest tokens of a client stay valid', async () => {
      await using store = await open();
      await commitEach(store, [
        { kind: 'put-client', client: client('c') },
        { kind: 'put-client', client: client('d') },
        { kind: 'put-token', token: token('of-d', 'd'), keep: 2 },
      ]);
      for (const [number, hash] of ['first', 'second', 'third', 'fourth'].entries()) {
        const expiresAt = token(hash, 'c').expiresAt + number;
        await store.commit([
          { kind: 'put-token', token: { ...token(hash, 'c'), expiresAt }, keep: 2 },
        ]);
      }
      const left = ['first', 'second', 'third', 'fourth', 'of-d'].map((hash) =>
        store.projects.token(hash),
      );
      expect((await Promise.all(left)).map((one) => one?.hash)).toEqual([
        undefined,
        undefined,
        'third',
        'fourth',
        'of-d',
      ]);
    });

    test('a token stays that was just made, even where others end later', async () => {
      await using store = await open();
      await commitEach(store, [
        { kind: 'put-client', client: client('c') },
        { kind: 'put-token', token: { ...token('late', 'c'), expiresAt: 9_000_000 }, keep: 1 },
        { kind: 'put-token', token: { ...token('early', 'c'), expiresAt: 8_000_000 }, keep: 1 },
      ]);
      expect(await store.projects.token('early')).toBeDefined();
      expect(await store.projects.token('late')).toBeUndefined();
    });

    test('tokens that ended long ago are swept up by new ones, lately ended ones stay', async () => {
      await using store = await open();
      const dayMs = 24 * 3600 * 1000;
      const put = (hash: string, expiresAt: number) =>
        store.commit([{ kind: 'put-token', token: { ...token(hash, 'c'), expiresAt }, keep: 9 }]);
      await store.commit([{ kind: 'put-client', client: client('c') }]);
      await put('old', 1000);
      await put('lately', 1000 + 2 * dayMs);
      await put('new', 1000 + 5 * dayMs);
      expect(await store.projects.token('old')).toBeUndefined();
      expect(await store.projects.token('lately')).toBeDefined();
      expect(await store.projects.token('new')).toBeDefined();
    });
  });

  describe('connectors', () => {
    const staged = connectorStaged({ id: 'staged', key: 'key' });
    const foreign = connectorStaged({ id: 'foreign', key: 'key', projectKey: 'other' });

    test('are found by id or key in their project, and by whoever asks for all', async () => {
      await using store = await open();
      await commitEach(store, [
        { kind: 'insert-connector-staged', record: staged },
        { kind: 'insert-connector-staged', record: foreign },
      ]);
      expect(await store.connectors.staged('project', { id: 'staged' })).toEqual(staged);
      expect(await store.connectors.staged('project', { key: 'key' })).toEqual(staged);
      expect(await store.connectors.staged('project', { id: 'foreign' })).toBeUndefined();
      expect(await store.connectors.stagedAnywhere({ id: 'foreign' })).toEqual([foreign]);
      const sameKey = await store.connectors.stagedAnywhere({ key: 'key' });
      expect(sameKey.map(({ id }) => id).toSorted()).toEqual(['foreign', 'staged']);
      expect(await store.connectors.stagedAnywhere({ key: 'unknown' })).toEqual([]);
    });

    test('that are staged change with their version, and go with their reports', async () => {
      await using store = await open();
      await commitEach(store, [
        { kind: 'insert-connector-staged', record: staged },
        { kind: 'insert-connector-staged', record: foreign },
        operationOnConnector('staged', 'report'),
        operationOnConnector('foreign', 'other-report'),
        entriesOf('report'),
        entriesOf('other-report'),
      ]);
      const next = { ...staged, version: staged.version + 1, name: 'Renamed' };
      const { version } = staged;
      await store.commit([
        { kind: 'update-connector-staged', record: next, expectedVersion: version },
      ]);
      expect(await store.connectors.staged('project', { id: 'staged' })).toEqual(next);
      await store.commit([
        { kind: 'delete-connector-staged', id: 'staged', expectedVersion: next.version },
      ]);
      expect(await store.connectors.staged('project', { id: 'staged' })).toBeUndefined();
      expect(await store.reports.entries(['report'])).toEqual([]);
      expect(await store.reports.entries(['other-report'])).toHaveLength(1);
      expect(await store.operations.countOpen()).toBe(1);
    });

    test('that are staged are queried by project and by whether they are private', async () => {
      await using store = await open();
      await commitEach(
        store,
        [staged, connectorStaged({ id: 'public', private: false, createdAt: 2000 }), foreign].map(
          (record) => ({ kind: 'insert-connector-staged', record }),
        ),
      );
      const query = async (more: { isPrivate?: boolean }) => {
        const page = await store.connectors.queryStaged('project', {
          limit: 10,
          offset: 0,
          ...more,
        });
        expect(page.total).toBe(page.results.length);
        return page.results.map(({ id }) => id);
      };
      expect(await query({})).toEqual(['public', 'staged']);
      expect(await query({ isPrivate: true })).toEqual(['staged']);
      expect(await query({ isPrivate: false })).toEqual(['public']);
    });

    test('that are published replace their earlier version', async () => {
      await using store = await open();
      const first = connector({ key: 'key' });
      const second = connector({ version: 9, name: 'Renamed' });
      await store.commit([{ kind: 'put-connector', record: first }]);
      expect(await store.connectors.publishedAnywhere({ key: 'key' })).toEqual([first]);
      await store.commit([{ kind: 'put-connector', record: second }]);
      expect(await store.connectors.publishedAnywhere({ id: 'connector' })).toEqual([second]);
      expect(await store.connectors.publishedAnywhere({ key: 'key' })).toEqual([]);
    });
  });

  describe('deployments', () => {
    test('are found by id or key in their project only', async () => {
      await using store = await open();
      const record = deployment({ key: 'key' });
      await store.commit([{ kind: 'insert-deployment', record }]);
      expect(await store.deployments.get('project', { id: 'deployment' })).toEqual(record);
      expect(await store.deployments.get('project', { key: 'key' })).toEqual(record);
      expect(await store.deployments.get('other', { id: 'deployment' })).toBeUndefined();
      expect(await store.deployments.get('other', { key: 'key' })).toBeUndefined();
      expect(await store.deployments.byId('deployment')).toEqual(record);
      expect(await store.deployments.byId('unknown')).toBeUndefined();
    });

    test('are counted by their connector, whichever project they are in', async () => {
      await using store = await open();
      await insertDeployments(store, [
        deployment({ id: 'a' }),
        deployment({ id: 'b', projectKey: 'other' }),
        deployment({ id: 'c', connector: snapshotConnector(connector({ id: 'another' })) }),
      ]);
      expect(await store.deployments.countOfConnector('connector')).toBe(2);
      expect(await store.deployments.countOfConnector('unknown')).toBe(0);
    });

    test('are paged without a gap, in a total order', async () => {
      await using store = await open();
      const records = Array.from({ length: 7 }, (_, number) =>
        deployment({ id: `d${number}`, createdAt: 1000 + Math.floor(number / 3) }),
      );
      await insertDeployments(store, [...records, deployment({ id: 'x', projectKey: 'other' })]);
      const pages = await Promise.all(
        [0, 3, 6, 9].map((offset) => store.deployments.query('project', { limit: 3, offset })),
      );
      expect(pages.map(({ total }) => total)).toEqual([7, 7, 7, 7]);
      expect(pages.map(({ results }) => results.map(({ id }) => id).join())).toEqual([
        'd6,d3,d4',
        'd5,d0,d1',
        'd2',
        '',
      ]);
      expect((await store.deployments.query('project', { limit: 0, offset: 0 })).total).toBe(7);
    });

    test('are sorted as asked, by several fields', async () => {
      await using store = await open();
      await insertDeployments(store, [
        deployment({ id: 'a', createdAt: 1, lastModifiedAt: 5 }),
        deployment({ id: 'b', createdAt: 2, lastModifiedAt: 5 }),
        deployment({ id: 'c', createdAt: 3, lastModifiedAt: 4 }),
      ]);
      const sorted = async (...sort: readonly [string, 'asc' | 'desc'][]) => {
        const keys = sort.map(([field, direction]) => ({
          field: field as 'createdAt' | 'lastModifiedAt',
          direction,
        }));
        const page = await store.deployments.query('project', { limit: 9, offset: 0, sort: keys });
        return page.results.map(({ id }) => id).join('');
      };
      expect(await sorted(['createdAt', 'asc'])).toBe('abc');
      expect(await sorted(['createdAt', 'desc'])).toBe('cba');
      expect(await sorted(['lastModifiedAt', 'desc'], ['createdAt', 'desc'])).toBe('bac');
      expect(await sorted(['lastModifiedAt', 'asc'])).toBe('cab');
      expect(await sorted()).toBe('cba');
    });

    test('are filtered by type and by any of some integration types', async () => {
      await using store = await open();
      const of = (id: string, type: 'sandbox' | 'preview', ...types: ('tax' | 'psp' | 'crm')[]) =>
        deployment({
          id,
          type,
          connector: snapshotConnector(connector({ integrationTypes: types })),
        });
      await insertDeployments(store, [
        of('a', 'sandbox', 'tax'),
        of('b', 'preview', 'tax', 'psp'),
        of('c', 'sandbox', 'crm'),
        of('d', 'sandbox'),
      ]);
      const query = async (more: object) => {
        const page = await store.deployments.query('project', { limit: 9, offset: 0, ...more });
        expect(page.total).toBe(page.results.length);
        return page.results.map(({ id }) => id).join('');
      };
      expect(await query({ type: 'preview' })).toBe('b');
      expect(await query({ integrationTypes: ['tax'] })).toBe('ab');
      expect(await query({ integrationTypes: ['psp', 'crm'] })).toBe('bc');
      expect(await query({ integrationTypes: ['crm'], type: 'preview' })).toBe('');
      expect(await query({ integrationTypes: [] })).toBe('abcd');
      expect(await query({ integrationTypes: ["x'; drop table deployment; --"] })).toBe('');
    });

    test('keep whatever text they hold', async () => {
      await using store = await open();
      const record = deployment({
        globalConfiguration: {
          standard: [{ key: 'K', value: '"\\\n\u0001 ä 😀 \u2028 \'; --' }],
          secured: [],
        },
      });
      await store.commit([{ kind: 'insert-deployment', record }]);
      expect(await store.deployments.byId('deployment')).toEqual(record);
    });
  });

  test('what was committed is there after the store was closed and opened again', async () => {
    const place = await prepare();
    {
      await using store = await place.open();
      await store.commit([{ kind: 'insert-deployment', record: deployment() }]);
    }
    await using store = await place.open();
    expect(await store.deployments.byId('deployment')).toEqual(deployment());
  });
}

function insertDeployments(store: Store, records: readonly ReturnType<typeof deployment>[]) {
  return commitEach(
    store,
    records.map((record) => ({ kind: 'insert-deployment', record })),
  );
}

function client(id: string, more: Partial<ApiClient> = {}): ApiClient {
  return {
    id,
    projectKey: 'project',
    name: 'client',
    scopes: ['manage_project:project'],
    secretHash: 'hash',
    createdAt: 1000,
    ...more,
  };
}

function token(hash: string, clientId: string): AccessToken {
  return {
    hash,
    clientId,
    projectKey: 'project',
    scopes: ['manage_project:project', 'view_connectors:project'],
    expiresAt: 5000,
  };
}

function operationOnConnector(connectorId: string, reportId: string) {
  const input = { kind: 'preview', connectorId, reportId } as const;
  return {
    kind: 'insert-operation',
    operation: operation(`on-${connectorId}`, { input }),
  } as const;
}

function entriesOf(reportId: string) {
  const entry = { type: 'Information', title: 't', createdAt: '2026-11-06T00:00:00Z' } as const;
  return { kind: 'put-entries', reportId, step: 's', entries: [entry] } as const;
}
