import { describe, expect, test } from 'vitest';
import type { SealingKey } from '../../../src/core/sealing-key.ts';
import { DuplicateKey, MasterKeyMoved } from '../../../src/core/store-failure.ts';
import type { Store } from '../../../src/ports/store.ts';
import { deployment } from '../../support/records.ts';
import { failureOf, type PrepareStore } from './place.ts';

export function describeSealingKeys(prepare: PrepareStore): void {
  const open = async () => (await prepare()).open();
  const openWith = async (masterKeyId: string): Promise<Store> => {
    const store = await open();
    await store.commit([{ kind: 'set-master-key', id: masterKeyId }]);
    return store;
  };

  describe('sealing keys', () => {
    test('come back as they were put, of their owner only', async () => {
      await using store = await openWith('master');
      expect(await store.sealingKeys.get('a')).toBeUndefined();
      await store.commit([
        { kind: 'insert-sealing-key', key: key('a') },
        { kind: 'insert-sealing-key', key: key('b') },
      ]);
      expect(await store.sealingKeys.get('a')).toEqual(key('a'));
      expect(await store.sealingKeys.get('b')).toEqual(key('b'));
    });

    test('of an owner are one only', async () => {
      await using store = await openWith('master');
      await store.commit([{ kind: 'insert-sealing-key', key: key('a') }]);
      const other = { ...key('a'), id: 'other' };
      expect(await failureOf(store.commit([{ kind: 'insert-sealing-key', key: other }]))).toEqual(
        expect.any(DuplicateKey),
      );
      expect(await store.sealingKeys.get('a')).toEqual(key('a'));
    });

    test('come and go with their Deployment', async () => {
      await using store = await openWith('master');
      const record = deployment();
      await store.commit([
        { kind: 'insert-deployment', record },
        { kind: 'insert-sealing-key', key: key(record.id) },
        { kind: 'insert-sealing-key', key: key('other') },
      ]);
      const bare = deployment({ id: 'bare', key: 'bare' });
      await store.commit([{ kind: 'insert-deployment', record: bare }]);
      expect(await store.sealingKeys.deploymentsWithout(10)).toEqual(['bare']);
      expect(await store.sealingKeys.deploymentsWithout(0)).toEqual([]);
      await store.commit([{ kind: 'delete-deployment', id: record.id, keepAddresses: true }]);
      expect(await store.sealingKeys.get(record.id)).toBeUndefined();
      expect(await store.sealingKeys.get('other')).toEqual(key('other'));
    });

    test('are refused with everything beside them where the master key is another by now', async () => {
      await using store = await openWith('master');
      await store.commit([{ kind: 'set-master-key', id: 'newer', instead: 'master' }]);
      const commit = store.commit([
        { kind: 'insert-deployment', record: deployment() },
        { kind: 'insert-sealing-key', key: key('deployment') },
      ]);
      expect(await failureOf(commit)).toBeInstanceOf(MasterKeyMoved);
      expect(await store.deployments.byId('deployment')).toBeUndefined();
      const newer = { ...key('deployment'), masterKeyId: 'newer' };
      await store.commit([{ kind: 'insert-sealing-key', key: newer }]);
      expect(await store.sealingKeys.get('deployment')).toEqual(newer);
    });

    test('are sealed again, where they are still the same', async () => {
      await using store = await openWith('master');
      await store.commit([
        { kind: 'insert-sealing-key', key: key('a') },
        { kind: 'insert-sealing-key', key: key('b') },
      ]);
      expect(await store.sealingKeys.notSealedWith('newer', 10)).toEqual([key('a'), key('b')]);
      expect(await store.sealingKeys.notSealedWith('newer', 1)).toEqual([key('a')]);
      const again = {
        ...key('a'),
        masterKeyId: 'newer',
        wrappedPrivateKey: 'w',
        wrappedDigestKey: 'd',
      };
      await store.commit([
        { kind: 'rewrap-sealing-key', key: again },
        { kind: 'rewrap-sealing-key', key: { ...again, owner: 'b', id: 'another' } },
        { kind: 'rewrap-sealing-key', key: { ...again, owner: 'gone' } },
      ]);
      expect(await store.sealingKeys.get('a')).toEqual(again);
      expect(await store.sealingKeys.get('gone')).toBeUndefined();
      expect(await store.sealingKeys.notSealedWith('newer', 10)).toEqual([key('b')]);
    });
  });

  describe('the master key', () => {
    test('is named once, and then by whoever names the one before', async () => {
      await using store = await open();
      expect(await store.sealingKeys.masterKeyId()).toBeUndefined();
      await store.commit([{ kind: 'set-master-key', id: 'first' }]);
      expect(await failureOf(store.commit([{ kind: 'set-master-key', id: 'second' }]))).toEqual(
        expect.any(DuplicateKey),
      );
      const stale = { kind: 'set-master-key', id: 'third', instead: 'second' } as const;
      expect(await failureOf(store.commit([stale]))).toBeInstanceOf(MasterKeyMoved);
      expect(await store.sealingKeys.masterKeyId()).toBe('first');
      await store.commit([{ kind: 'set-master-key', id: 'second', instead: 'first' }]);
      expect(await store.sealingKeys.masterKeyId()).toBe('second');
    });
  });
}

function key(owner: string): SealingKey {
  return {
    owner,
    id: `${owner}-id`,
    publicKey: `${owner}-public`,
    masterKeyId: 'master',
    wrappedPrivateKey: `${owner}-private`,
    wrappedDigestKey: `${owner}-digest`,
  };
}
