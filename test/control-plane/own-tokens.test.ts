import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bootstrapProject } from '../../src/control-plane/commands/bootstrap.ts';
import { issueToken, ownTokens } from '../../src/control-plane/commands/tokens.ts';
import type { Clock } from '../../src/ports/clock.ts';
import { describeTokenVerifier } from '../contract/token-verifier.suite.ts';
import { movedClock } from '../support/moved-clock.ts';
import { openOwnStore } from '../support/records-place.ts';

async function openPlace(clock: Clock) {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'berth-tokens-'));
  stack.defer(() => rm(folder, { recursive: true }));
  const store = stack.use(await openOwnStore(join(folder, 'store.db')));
  await bootstrapProject(
    { store, clock },
    { projectKey: 'shop', clientId: 'client', clientSecret: 'secret' },
  );
  const client = await store.projects.client('client');
  if (client === undefined) throw new Error('No client');
  const opened = stack.move();
  return {
    store,
    verifier: ownTokens({ store, clock }),
    issue: async (given: { scopes: readonly string[]; lifetimeSeconds: number }) => ({
      token: await issueToken({ store, clock }, client, given),
      clientId: client.id,
    }),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

describeTokenVerifier('Berth', openPlace);

test('a token ends with its client', async () => {
  await using place = await openPlace(movedClock());
  const { token } = await place.issue({ scopes: [], lifetimeSeconds: 600 });
  await place.store.commit([{ kind: 'delete-client', projectKey: 'shop', id: 'client' }]);

  expect(await place.verifier.verify(token)).toBeUndefined();
});
