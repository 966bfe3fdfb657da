import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rememberReads } from '../../../src/control-plane/api/remember-reads.ts';
import { openSqliteStore } from '../../../src/drivers/store/sqlite/open-sqlite-store.ts';
import type { Store } from '../../../src/ports/store.ts';
import { apiClient, deployment } from '../../support/records.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

const address = {
  ...{
    hostLabel: 'event-1',
    projectKey: 'project',
    deploymentId: 'one',
    applicationName: 'app',
  },
  state: 'wanted',
} as const;
const token = { hash: 't', clientId: 'c', projectKey: 'project', scopes: [], expiresAt: 1000 };

/** Two planes on one file, one of which remembers. */
async function start() {
  const file = join(await makeTempFolder(), 'store.db');
  await using stack = new AsyncDisposableStack();
  const store = stack.use(await openSqliteStore({ file }));
  const other = stack.use(await openSqliteStore({ file }));
  await store.commit([
    { kind: 'insert-deployment', record: deployment({ id: 'one', key: 'first' }) },
    { kind: 'put-client', client: apiClient() },
    { kind: 'put-token', token, keep: 10 },
    { kind: 'put-address', address },
    putEntry('begun'),
  ]);
  const opened = stack.move();
  return {
    store,
    other,
    remembering: rememberReads(store),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

function putEntry(title: string) {
  const entry = { type: 'Information', title, createdAt: '' } as const;
  return { kind: 'put-entries', reportId: 'report', step: 'step', entries: [entry] } as const;
}

const reads: Readonly<Record<string, (store: Store) => Promise<unknown>>> = {
  'a Deployment by its id': (store) => store.deployments.get('project', { id: 'one' }),
  'a Deployment by its key': (store) => store.deployments.get('project', { key: 'first' }),
  'a report': (store) => store.reports.entries(['report']),
  'a token': (store) => store.projects.token('t'),
  'an address': (store) => store.runtime.address('event-1'),
};

test.for(Object.entries(reads))('%s is read once where nobody commits', async ([, read]) => {
  await using world = await start();
  const first = await read(world.remembering);
  expect(first).toEqual(await read(world.store));
  expect(await read(world.remembering)).toBe(first);
  expect(await read(world.store)).not.toBe(first);
});

test.for(['store', 'other', 'remembering'] as const)('what %s has changed is seen', async (by) => {
  await using world = await start();
  const { remembering } = world;
  for (const read of Object.values(reads)) await read(remembering);
  const changed = deployment({ id: 'one', key: 'first', version: 2 });
  await world[by].commit([
    { kind: 'update-deployment', record: changed, expectedVersion: 1 },
    { kind: 'delete-client', projectKey: 'project', id: 'c' },
    putEntry('done'),
    { kind: 'put-address', address: { ...address, state: 'released' } },
  ]);
  expect(await remembering.deployments.get('project', { id: 'one' })).toEqual(changed);
  expect(await remembering.deployments.get('project', { key: 'first' })).toEqual(changed);
  expect(await remembering.projects.token('t')).toBeUndefined();
  expect(await remembering.reports.entries(['report'])).toMatchObject([{ title: 'done' }]);
  expect(await remembering.runtime.address('event-1')).toMatchObject({ state: 'released' });
});

test('projects, kinds of references and what is not there are told apart', async () => {
  await using world = await start();
  const { get } = world.remembering.deployments;
  expect(await get('project', { id: 'first' })).toBeUndefined();
  expect(await get('project', { key: 'first' })).toMatchObject({ id: 'one' });
  expect(await get('other', { key: 'first' })).toBeUndefined();
  expect(await get('project', { key: 'one' })).toBeUndefined();
});
