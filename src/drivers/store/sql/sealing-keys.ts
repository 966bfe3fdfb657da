import type { Kysely, Selectable } from 'kysely';
import type { SealingKey } from '../../../core/sealing-key.ts';
import type { SealingKeyChange, SealingKeyReader } from '../../../ports/sealing-keys.ts';
import type { Schema } from './schema.ts';
import { one, type Write } from './write.ts';

type Db = Kysely<Schema>;
type Of<K extends SealingKeyChange['kind']> = Extract<SealingKeyChange, { kind: K }>;

export function createSealingKeyReader(db: Db): SealingKeyReader {
  return {
    async get(owner) {
      const row = await db
        .selectFrom('sealing_key')
        .selectAll()
        .where('owner', '=', owner)
        .executeTakeFirst();
      return row && keyOf(row);
    },
    async masterKeyId() {
      const row = await db.selectFrom('master_key').select('id').executeTakeFirst();
      return row?.id;
    },
    async notSealedWith(masterKeyId, limit) {
      const rows = await db
        .selectFrom('sealing_key')
        .selectAll()
        .where('master_key_id', '!=', masterKeyId)
        .orderBy('owner')
        .limit(limit)
        .execute();
      return rows.map(keyOf);
    },
    async deploymentsWithout(limit) {
      const owners = db.selectFrom('sealing_key').select('owner');
      const rows = await db
        .selectFrom('deployment')
        .select('id')
        .where('id', 'not in', owners)
        .orderBy('id')
        .limit(limit)
        .execute();
      return rows.map(({ id }) => id);
    },
  };
}

export const sealingKeyWriters: {
  readonly [K in SealingKeyChange['kind']]: (db: Db, change: Of<K>) => readonly Write[];
} = {
  'set-master-key': setMasterKey,
  'insert-sealing-key': insertSealingKey,
  'rewrap-sealing-key': rewrapSealingKey,
  'delete-sealing-keys': deleteSealingKeys,
};

function setMasterKey(db: Db, { id, instead }: Of<'set-master-key'>): readonly Write[] {
  if (instead === undefined) return one(db.insertInto('master_key').values({ place: 1, id }));
  const query = db.updateTable('master_key').set({ id }).where('id', '=', instead);
  return [{ query, expects: { kind: 'master-key', id: instead } }];
}

/** Whoever exchanges the master key looks for keys after it: none may come in that is sealed with the old one. */
function insertSealingKey(db: Db, { key }: Of<'insert-sealing-key'>): readonly Write[] {
  const id = key.masterKeyId;
  return [
    {
      query: db.updateTable('master_key').set({ id }).where('id', '=', id),
      expects: { kind: 'master-key', id },
    },
    { query: db.insertInto('sealing_key').values(rowOf(key)) },
  ];
}

function rewrapSealingKey(db: Db, { key }: Of<'rewrap-sealing-key'>): readonly Write[] {
  const { owner, id, ...wrapped } = rowOf(key);
  return one(
    db.updateTable('sealing_key').set(wrapped).where('owner', '=', owner).where('id', '=', id),
  );
}

function deleteSealingKeys(db: Db): readonly Write[] {
  return one(db.deleteFrom('sealing_key'));
}

function rowOf(key: SealingKey) {
  return {
    owner: key.owner,
    id: key.id,
    public_key: key.publicKey,
    master_key_id: key.masterKeyId,
    wrapped_private_key: key.wrappedPrivateKey,
    wrapped_digest_key: key.wrappedDigestKey,
  };
}

function keyOf(row: Selectable<Schema['sealing_key']>): SealingKey {
  return {
    owner: row.owner,
    id: row.id,
    publicKey: row.public_key,
    masterKeyId: row.master_key_id,
    wrappedPrivateKey: row.wrapped_private_key,
    wrappedDigestKey: row.wrapped_digest_key,
  };
}
