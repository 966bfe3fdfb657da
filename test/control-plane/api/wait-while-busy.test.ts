import { expect, test } from 'vitest';
import { openWaitSlots } from '../../../src/control-plane/api/wait-slots.ts';
import { waitWhileBusy } from '../../../src/control-plane/api/wait-while-busy.ts';
import { deployment } from '../../support/records.ts';
import { clock, openStore } from '../operations/support.ts';

const never = new AbortController().signal;
const cliId = 'commercetools-cli-82e26ccabe2b6b9554ea5484332dac91';
const isBusy = (text: string) => text === 'busy';

async function start({ limit = 1 } = {}) {
  const store = await openStore();
  let state = 'busy';
  let reads = 0;
  const deps = { store, clock, waitSlots: openWaitSlots(limit) };
  return {
    deps,
    reads: () => reads,
    read: async () => {
      reads += 1;
      return state;
    },
    async settle() {
      state = 'settled';
      await store.commit([{ kind: 'insert-deployment', record: deployment() }]);
    },
  };
}

test('it waits as long as the client prefers, and says that it followed', async () => {
  const { deps, read, reads, settle } = await start();
  const headers = { prefer: 60 };
  const waiting = waitWhileBusy(deps, {
    headers,
    signal: () => never,
    found: 'busy',
    isBusy,
    read,
  });
  await expect.poll(reads).toBe(1);
  await settle();
  expect(await waiting).toEqual({
    record: 'settled',
    headers: { 'preference-applied': 'wait=60' },
  });
});

test('without a preference it answers with what was found', async () => {
  const { deps, read, reads } = await start();
  const waited = await waitWhileBusy(deps, {
    headers: {},
    signal: () => never,
    found: 'busy',
    isBusy,
    read,
    cli: { writtenAt: Date.now(), pauseMs: 60_000 },
  });
  expect(waited).toEqual({ record: 'busy', headers: {} });
  expect(reads()).toBe(0);
});

test.for([
  ['at once after its write, is held', 0, 'settled'],
  ['a while after a write, is not held', 20_000, 'busy'],
] as const)('a read of the official CLI, %s', async ([, sinceWriteMs, answered]) => {
  const { deps, read, reads, settle } = await start();
  const waiting = waitWhileBusy(deps, {
    headers: { 'x-correlation-id': cliId },
    signal: () => never,
    found: 'busy',
    isBusy,
    read,
    cli: { writtenAt: Date.now() - sinceWriteMs, pauseMs: 60_000 },
  });
  if (answered === 'settled') await expect.poll(reads).toBe(1);
  await settle();
  expect(await waiting).toEqual({ record: answered, headers: {} });
});

test('it ends with the latest when the client has gone', async () => {
  const { deps, read, reads } = await start();
  const gone = new AbortController();
  const request = { headers: { prefer: 60 }, signal: () => gone.signal };
  const waiting = waitWhileBusy(deps, { ...request, found: 'busy', isBusy, read });
  await expect.poll(reads).toBe(1);
  gone.abort();
  expect((await waiting).record).toBe('busy');
});

test('who finds every place taken is answered at once, without the header', async () => {
  const { deps, read, reads, settle } = await start({ limit: 1 });
  const subject = { signal: () => never, found: 'busy', isBusy, read };
  const first = waitWhileBusy(deps, { ...subject, headers: { prefer: 60 } });
  await expect.poll(reads).toBe(1);
  const second = await waitWhileBusy(deps, { ...subject, headers: { prefer: 60 } });
  expect(second).toEqual({ record: 'busy', headers: {} });

  await settle();
  await first;
  const third = await waitWhileBusy(deps, { ...subject, headers: { prefer: 60 } });
  expect(third.headers).toEqual({ 'preference-applied': 'wait=60' });
});

test('what the reading throws ends it and frees its place', async () => {
  const { deps, read, settle } = await start({ limit: 1 });
  const subject = { headers: { prefer: 60 }, signal: () => never, found: 'busy', isBusy };
  const gone = () => Promise.reject(new Error('it is gone'));
  await expect(waitWhileBusy(deps, { ...subject, read: gone })).rejects.toThrow('it is gone');
  await settle();
  expect((await waitWhileBusy(deps, { ...subject, read })).record).toBe('settled');
});
