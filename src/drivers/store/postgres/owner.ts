import { Failure } from '../../../core/failure.ts';
import type { Connection, Connections } from './connections.ts';

/** The data directory whose records these are. What they tell of lies there, and runs beside it. */
export interface Owner {
  readonly id: string;
  /** Where its id is read from: for a person who moves the records. */
  readonly file: string;
}

/** The first one keeps it. @throws Failure where that was another: it would take what runs there for lost */
export async function claimDatabase(connections: Connections, owner: Owner): Promise<void> {
  const connection = await connections.connect();
  try {
    await connection.query('insert into data_directory (id) values ($1) on conflict do nothing', [
      owner.id,
    ]);
    await requireOwner(connection, owner);
  } finally {
    connection.release();
  }
}

/** @throws Failure where the records are of another data directory */
export async function requireOwner(connection: Connection, owner: Owner): Promise<void> {
  const { rows } = await connection.query<{ id: string }>('select id from data_directory', []);
  const known = rows[0]?.id;
  if (known !== undefined && known !== owner.id) throw belongsElsewhere(known, owner);
}

function belongsElsewhere(known: string, { file }: Owner): Failure {
  return new Failure('The database holds the records of a Berth with another data directory.', {
    nextStep: `Start it with that BERTH_DATA_DIR, or give this one a database of its own in BERTH_DATABASE_URL. If the other one is gone for good and this is to take its place, write ${known} into ${file}.`,
  });
}
