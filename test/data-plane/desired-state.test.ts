import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createDesiredStateReader } from '../../src/data-plane/desired-state.ts';
import { openSqliteStore } from '../../src/drivers/store/sqlite/open-sqlite-store.ts';
import type { Address } from '../../src/ports/runtime-reader.ts';
import type { Change, Store } from '../../src/ports/store.ts';
import { release, releaseApplication } from '../support/records.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const address: Address = {
  ...{ hostLabel: 'service-1', projectKey: 'project', deploymentId: 'deployment' },
  ...{ applicationName: 'app', state: 'wanted' },
};

/** As PostgreSQL does, one store cannot tell whether anything was committed. */
const kinds = [
  { tells: true, of: (store: Store): Store => store },
  { tells: false, of: (store: Store): Store => ({ ...store, version: () => undefined }) },
];

for (const { tells, of } of kinds) {
  test(`what changes is read, and what does not is the same as before (tells its version: ${tells})`, async () => {
    const folder = await makeTempFolder();
    const file = join(folder, 'store.sqlite');
    // Others commit: the reader's own store hears of it by the file alone.
    await using writer = await openSqliteStore({ file });
    await using store = await openSqliteStore({ file });
    const read = createDesiredStateReader(of(store));
    const commit = (...changes: readonly Change[]) => writer.commit(changes);
    expect(await read()).toEqual({ releases: [], addresses: [] });

    const serving = release({ id: 'serving', createdAt: 1 });
    const candidate = release({ id: 'candidate', state: 'candidate', createdAt: 2 });
    await commit(
      { kind: 'insert-release', record: serving },
      { kind: 'insert-release', record: candidate },
    );
    const first = await read();
    expect(first.releases).toEqual([serving, candidate]);
    const again = await read();
    expect(again.releases[0]).toBe(first.releases[0]);
    expect(again.releases).toBe(first.releases);

    await commit({ kind: 'put-address', address });
    const addressed = await read();
    expect(addressed.releases).toBe(first.releases);
    expect(addressed.addresses).toEqual([address]);
    await commit({ kind: 'delete-instances', ids: ['unknown'] });
    expect((await read()).addresses).toBe(addressed.addresses);

    await commit({ kind: 'set-release-state', id: 'candidate', state: 'current' });
    await commit({ kind: 'set-release-routed', id: 'candidate' });
    const switched = await read();
    expect(switched.releases[0]).toBe(first.releases[0]);
    expect(switched.releases[1]).toEqual({ ...candidate, state: 'current', routed: true });

    const applications = [releaseApplication({ artifactKey: 'built again' })];
    await commit({ kind: 'replace-artifacts', record: { ...serving, applications } });
    const rebuilt = await read();
    expect(rebuilt.releases[0]).toEqual({ ...serving, applications });
    expect(rebuilt.releases[1]).toBe(switched.releases[1]);

    await commit({ kind: 'forget-release', id: 'serving' });
    expect((await read()).releases).toEqual([switched.releases[1]]);
  });
}

test('addresses of Deployments that are gone are none', async () => {
  const folder = await makeTempFolder();
  await using store = await openSqliteStore({ file: join(folder, 'store.sqlite') });
  const read = createDesiredStateReader(store);
  await store.commit([{ kind: 'put-address', address }]);
  expect((await read()).addresses).toEqual([address]);
  await store.commit([{ kind: 'put-address', address: { ...address, state: 'released' } }]);
  expect((await read()).addresses).toEqual([]);
});
