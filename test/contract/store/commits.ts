import { describe, expect, test, vi } from 'vitest';
import { DuplicateKey, FencedOff, StaleVersion } from '../../../src/core/store-failure.ts';
import type { Address } from '../../../src/ports/runtime-reader.ts';
import type { Change } from '../../../src/ports/store.ts';
import { connectorStaged, deployment, operation } from '../../support/records.ts';
import { failureOf, type PrepareStore } from './place.ts';

export function describeCommits(prepare: PrepareStore): void {
  const open = async () => (await prepare()).open();

  describe('a commit', () => {
    test('makes all of its changes true', async () => {
      await using store = await open();
      await store.commit([
        { kind: 'insert-deployment', record: deployment() },
        { kind: 'insert-operation', operation: operation('o') },
      ]);
      expect(await store.deployments.byId('deployment')).toEqual(deployment());
      expect(await store.operations.countOpen()).toBe(1);
    });

    test('of nothing is fine', async () => {
      await using store = await open();
      await store.commit([]);
    });

    test.for<{ name: string; failing: Change; error: unknown }>([
      {
        name: 'a version has moved',
        failing: {
          kind: 'update-deployment',
          record: deployment({ id: 'there', version: 3 }),
          expectedVersion: 2,
        },
        error: StaleVersion,
      },
      {
        name: 'a record is gone',
        failing: {
          kind: 'update-deployment',
          record: deployment({ id: 'gone' }),
          expectedVersion: 1,
        },
        error: StaleVersion,
      },
      {
        name: 'a staged connector has moved',
        failing: { kind: 'delete-connector-staged', id: 'staged', expectedVersion: 99 },
        error: StaleVersion,
      },
      {
        name: 'a key is taken',
        failing: {
          kind: 'insert-deployment',
          record: deployment({ id: 'another', key: 'taken' }),
        },
        error: DuplicateKey,
      },
      {
        name: 'a port is taken',
        failing: { kind: 'put-address', address: addressAt('another') },
        error: DuplicateKey,
      },
    ])('changes nothing at all where $name', async ({ failing, error }) => {
      await using store = await open();
      await store.commit([
        { kind: 'insert-deployment', record: deployment({ id: 'there', key: 'taken' }) },
        { kind: 'insert-connector-staged', record: connectorStaged({ id: 'staged' }) },
        { kind: 'put-address', address: addressAt('there') },
      ]);
      const failure = await failureOf(
        store.commit([
          { kind: 'insert-deployment', record: deployment({ id: 'before' }) },
          failing,
          { kind: 'insert-deployment', record: deployment({ id: 'after' }) },
        ]),
      );
      expect(failure).toBeInstanceOf(error);
      expect(await store.deployments.byId('before')).toBeUndefined();
      expect(await store.deployments.byId('after')).toBeUndefined();
      expect(await store.deployments.byId('there')).toBeDefined();
    });

    test('says which record has moved and which key is taken', async () => {
      await using store = await open();
      const record = connectorStaged({ id: 'c', key: 'taken' });
      await store.commit([{ kind: 'insert-connector-staged', record }]);
      const stale = store.commit([
        { kind: 'update-connector-staged', record, expectedVersion: record.version + 1 },
      ]);
      await expect(stale).rejects.toMatchObject({ name: 'StaleVersion', id: 'c' });
      const taken = store.commit([
        { kind: 'insert-connector-staged', record: { ...record, id: 'd' } },
      ]);
      await expect(taken).rejects.toMatchObject({ name: 'DuplicateKey', key: 'taken' });
    });

    test('takes a record from the version it was read at to the next', async () => {
      await using store = await open();
      await store.commit([{ kind: 'insert-deployment', record: deployment({ version: 1 }) }]);
      const next = deployment({ version: 2, status: 'Deploying' });
      await store.commit([{ kind: 'update-deployment', record: next, expectedVersion: 1 }]);
      expect(await store.deployments.byId('deployment')).toEqual(next);
      // Background work leaves the version alone.
      const finished = { ...next, status: 'Deployed' } as const;
      await store.commit([{ kind: 'update-deployment', record: finished, expectedVersion: 2 }]);
      expect(await store.deployments.byId('deployment')).toEqual(finished);
    });

    test('of two that read the same version succeeds once', async () => {
      await using store = await open();
      await store.commit([{ kind: 'insert-deployment', record: deployment({ version: 1 }) }]);
      const outcomes = await Promise.all(
        ['one', 'other'].map((key) =>
          failureOf(
            store.commit([
              {
                kind: 'update-deployment',
                record: deployment({ version: 2, key }),
                expectedVersion: 1,
              },
            ]),
          ),
        ),
      );
      expect(outcomes.filter((outcome) => outcome === undefined)).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome instanceof StaleVersion)).toHaveLength(1);
    });

    test('allows the same key in another project, and again once it is free', async () => {
      await using store = await open();
      const first = deployment({ id: 'first', key: 'key' });
      await store.commit([
        { kind: 'insert-deployment', record: first },
        {
          kind: 'insert-deployment',
          record: deployment({ id: 'other', projectKey: 'other', key: 'key' }),
        },
      ]);
      await store.commit([{ kind: 'delete-deployment', id: 'first', keepAddresses: false }]);
      const second = deployment({ id: 'second', key: 'key' });
      await store.commit([{ kind: 'insert-deployment', record: second }]);
      expect(await store.deployments.get('project', { key: 'key' })).toEqual(second);
    });
  });

  describe('a fenced commit', () => {
    test('counts while the operation is held, and never after another worker took it', async () => {
      await using store = await open();
      await store.commit([{ kind: 'insert-operation', operation: operation('o') }]);
      const claim = (worker: string, now: number) =>
        store.operations.claim({ worker, now, leaseUntil: now + 100 });
      await claim('one', 1000);
      const held = { operationId: 'o', attempt: 1 };
      await store.commit([{ kind: 'insert-deployment', record: deployment({ id: 'a' }) }], held);
      await claim('two', 5000);
      const late = store.commit(
        [{ kind: 'insert-deployment', record: deployment({ id: 'b' }) }],
        held,
      );
      await expect(late).rejects.toThrow(FencedOff);
      await expect(late).rejects.toThrow('Operation o is held by another worker');
      expect(await store.deployments.byId('a')).toBeDefined();
      expect(await store.deployments.byId('b')).toBeUndefined();
    });

    test.for([
      { name: 'is only queued', held: { operationId: 'queued', attempt: 0 } },
      { name: 'does not exist', held: { operationId: 'unknown', attempt: 1 } },
      { name: 'has ended', held: { operationId: 'ended', attempt: 1 } },
    ])('is refused where the operation $name', async ({ held }) => {
      await using store = await open();
      await store.commit([{ kind: 'insert-operation', operation: operation('ended') }]);
      await store.operations.claim({ worker: 'one', now: 1000, leaseUntil: 2000 });
      const end: Change = {
        kind: 'finish-operation',
        operationId: 'ended',
        state: 'succeeded',
        finishedAt: 1500,
      };
      await store.commit([end], { operationId: 'ended', attempt: 1 });
      await store.commit([{ kind: 'insert-operation', operation: operation('queued') }]);
      await expect(store.commit([], held)).rejects.toThrow(FencedOff);
    });
  });

  describe('a watcher', () => {
    test('hears of commits, its own and those of others, until it stops', async () => {
      const place = await prepare();
      await using store = await place.open();
      await using other = await place.open();
      const hint = vi.fn();
      const stop = store.watch(hint);
      const heard = () => expect.poll(() => hint.mock.calls.length, { timeout: 60_000 });
      await store.commit([{ kind: 'insert-deployment', record: deployment({ id: 'a' }) }]);
      await heard().toBeGreaterThan(0);
      hint.mockClear();
      await other.commit([{ kind: 'insert-deployment', record: deployment({ id: 'b' }) }]);
      await heard().toBeGreaterThan(0);
      expect(await store.deployments.byId('b')).toBeDefined();
      stop();
      hint.mockClear();
      await store.commit([{ kind: 'insert-deployment', record: deployment({ id: 'c' }) }]);
      expect(await store.deployments.byId('c')).toBeDefined();
      expect(hint).not.toHaveBeenCalled();
    });

    test('is one of several, each of which stops alone', async () => {
      await using store = await open();
      const [one, other] = [vi.fn(), vi.fn()];
      const stop = store.watch(one);
      store.watch(other);
      stop();
      await store.commit([{ kind: 'insert-deployment', record: deployment() }]);
      await expect.poll(() => other.mock.calls.length, { timeout: 60_000 }).toBeGreaterThan(0);
      expect(one).not.toHaveBeenCalled();
    });
  });

  describe('the version', () => {
    test('is another after each commit, its own and those of others, or is not told', async () => {
      const place = await prepare();
      await using store = await place.open();
      await using other = await place.open();
      const seen = [store.version()];
      for (const [number, one] of [store, other, store, other].entries()) {
        await one.commit([{ kind: 'insert-deployment', record: deployment({ id: `${number}` }) }]);
        seen.push(store.version());
      }
      const isTold = seen[0] !== undefined;
      expect(new Set(seen).size).toBe(isTold ? seen.length : 1);
    });

    test('stays while nobody commits', async () => {
      await using store = await open();
      const version = store.version();
      await store.deployments.byId('there');
      await store.commit([]);
      expect(store.version()).toBe(version);
    });
  });
}

function addressAt(hostLabel: string): Address {
  return {
    hostLabel,
    projectKey: 'project',
    deploymentId: 'there',
    applicationName: 'app',
    port: 42_000,
    state: 'wanted',
  };
}
