import { Failure } from '../../../core/failure.ts';
import type { Snapshot, SnapshotRow, SnapshotTable } from '../../../ports/snapshot.ts';
import { tableNames } from '../sql/schema.ts';
import { type Connection, Connections } from './connections.ts';
import { readHistory, requireHistory } from './migrate.ts';
import { nobody } from './observer.ts';
import { type Owner, requireOwner } from './owner.ts';
import { type Column, identitiesOf, quote, readTables } from './tables.ts';

/** The highest number that each table has given, in snapshots. */
export const sequenceTable = 'identity_sequence';
export const sequenceColumns = ['name', 'seq'] as const;

/** What is read goes to a disk before more is asked for; the server ends what a frozen process left open. */
const bounds = { idle_in_transaction_session_timeout: 600_000 };

/**
 * Reads in one transaction, so that all tables are of one moment: that of the first question. Nobody waits for it; the
 * server keeps what is deleted meanwhile.
 * @throws Failure where there are no records, those of another data directory, or those of a newer version
 */
export async function openPostgresSnapshot(url: string, owner: Owner): Promise<Snapshot> {
  await using stack = new AsyncDisposableStack();
  const connections = new Connections(url, nobody, bounds);
  stack.defer(() => connections.end());
  const connection = await connections.connect();
  stack.defer(() => connection.release());
  await connection.query('begin isolation level repeatable read read only', []);
  stack.defer(() => rollBack(connection));
  const schema = await readHistory(connection);
  if (schema === undefined || schema.length === 0) throw noRecords();
  requireHistory(schema);
  const tables = await readTables(connection);
  if (tables.has('data_directory')) await requireOwner(connection, owner);
  const opened = stack.move();
  return {
    schema,
    tables: [
      ...tableNames.flatMap((name) => {
        const columns = tables.get(name);
        return columns === undefined ? [] : [tableOf(connection, name, columns)];
      }),
      sequencesOf(connection, tables),
    ],
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** Where even that fails the connection is broken, and the server has ended it. */
export async function rollBack(connection: Connection): Promise<void> {
  await connection.query('rollback', []).catch(() => {});
}

function tableOf(connection: Connection, name: string, columns: readonly Column[]): SnapshotTable {
  const names = columns.map((column) => column.name);
  return {
    name,
    columns: names,
    rows: () =>
      readInPortions(connection, `select ${names.map(quote).join(', ')} from ${quote(name)}`),
  };
}

type NamedRow = Readonly<Record<string, string | number | null>>;

const mostRows = 1000;
const charactersAtOnce = 1024 * 1024;

/** Asks for fewer rows at once where they are long, so that memory is bounded whatever the table has. */
async function* readInPortions(
  connection: Connection,
  select: string,
): AsyncGenerator<SnapshotRow, undefined> {
  await connection.query(`declare portion no scroll cursor for ${select}`, []);
  try {
    for (let count = 16; ; ) {
      const { rows } = await connection.query<NamedRow>(`fetch ${count} from portion`, []);
      if (rows.length === 0) return undefined;
      let longest = 1;
      for (const named of rows) {
        const row = Object.values(named);
        longest = Math.max(longest, lengthOf(row));
        yield row;
      }
      const fitting = Math.floor(charactersAtOnce / longest);
      count = Math.max(1, Math.min(mostRows, fitting, count * 4));
    }
  } finally {
    await connection.query('close portion', []).catch(() => {});
  }
}

function lengthOf(row: SnapshotRow): number {
  return row.reduce<number>(
    (sum, value) => sum + (typeof value === 'string' ? value.length : 8),
    0,
  );
}

/** They move outside of transactions: never back, so they are at least those of the rows. */
function sequencesOf(
  connection: Connection,
  tables: ReadonlyMap<string, readonly Column[]>,
): SnapshotTable {
  return {
    name: sequenceTable,
    columns: sequenceColumns,
    async *rows() {
      for (const { table, column } of identitiesOf(tables)) {
        const { rows } = await connection.query<{ last: number | null }>(
          'select pg_sequence_last_value(pg_get_serial_sequence($1, $2)) as last',
          [quote(table), column],
        );
        const last = rows[0]?.last ?? null;
        if (last !== null) yield [table, last];
      }
    },
  };
}

function noRecords(): Failure {
  return new Failure('There are no records of a Berth in the database of BERTH_DATABASE_URL.', {
    nextStep: 'Name the database that Berth uses; berth serve makes the records.',
  });
}
