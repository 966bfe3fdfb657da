import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openSqliteStore } from '../../../src/drivers/store/sqlite/open-sqlite-store.ts';
import type { Address } from '../../../src/ports/store.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

const event: Address = {
  hostLabel: 'event-one',
  projectKey: 'demo',
  deploymentId: 'deployment',
  applicationName: 'hello-event',
  state: 'wanted',
};
const service: Address = { ...event, hostLabel: 'service-one', port: 42000 };

test.each([
  ['with a port', service],
  ['without a port', event],
])('an address %s takes the state of what became of it', async (_, address) => {
  await using store = await openSqliteStore({ file: join(await makeTempFolder(), 'berth.db') });
  await store.commit([{ kind: 'put-address', address }]);

  await store.commit([{ kind: 'set-address-state', tried: address, state: 'bound' }]);

  expect(await store.runtime.addresses()).toEqual([{ ...address, state: 'bound' }]);
});

test('an address that has another port by now keeps its state', async () => {
  await using store = await openSqliteStore({ file: join(await makeTempFolder(), 'berth.db') });
  const moved = { ...service, port: 42001 };
  await store.commit([{ kind: 'put-address', address: moved }]);

  await store.commit([{ kind: 'set-address-state', tried: service, state: 'conflict' }]);

  expect(await store.runtime.addresses()).toEqual([moved]);
});
