import { Failure } from '../../../core/failure.ts';
import { beginsWith, requireKnownSchema, type SchemaChange } from '../../../core/schema-history.ts';
import type { SnapshotRow, SnapshotTarget } from '../../../ports/snapshot.ts';
import { tableNames } from '../sql/schema.ts';
import { migrationLock } from './commit.ts';
import { type Connection, Connections, storable } from './connections.ts';
import { isUnfitRow } from './errors.ts';
import { applyChanges, schema as known, readHistory } from './migrate.ts';
import { nobody } from './observer.ts';
import type { Owner } from './owner.ts';
import { rollBack, sequenceColumns, sequenceTable } from './snapshot.ts';
import { type Column, identitiesOf, quote, readTables } from './tables.ts';

/** It waits while events and logs are restored, and its end writes everything to the disk. */
const bounds = {
  idle_in_transaction_session_timeout: 24 * 3_600_000,
  statement_timeout: 600_000,
  query_timeout: 605_000,
};

/**
 * The database at the schema of the snapshot. Everything is one transaction: whoever is killed leaves the database as it was.
 * Whoever starts a Berth on it meanwhile waits.
 * @throws Failure where anything is in the database, or somebody is at work there
 */
export async function createPostgresTarget(
  url: string,
  owner: Owner,
  schema: readonly SchemaChange[],
): Promise<SnapshotTarget> {
  requireKnownSchema('the records', known, schema);
  await using stack = new AsyncDisposableStack();
  const connections = new Connections(url, nobody, bounds);
  stack.defer(() => connections.end());
  const connection = await connections.connect();
  stack.defer(() => connection.release());
  await connection.query('begin; set local synchronous_commit = on', []);
  stack.defer(() => rollBack(connection));
  await lock(connection);
  await requireEmpty(connection, schema);
  const tables = await readTables(connection);
  if (tables.has('data_directory'))
    await connection.query('insert into data_directory (id) values ($1)', [owner.id]);
  return fillable(connection, tables, stack.move());
}

async function lock(connection: Connection): Promise<void> {
  const sql = `select pg_try_advisory_xact_lock(${migrationLock}) as taken`;
  const { rows } = await connection.query<{ taken: boolean }>(sql, []);
  if (rows[0]?.taken !== true) {
    throw new Failure('A Berth starts on the database, or another restore is at work there.', {
      nextStep: 'Name a database in BERTH_DATABASE_URL that nobody else uses.',
    });
  }
}

/** Makes the tables where there are none. */
async function requireEmpty(
  connection: Connection,
  schema: readonly SchemaChange[],
): Promise<void> {
  const there = [...(await readTables(connection)).keys()];
  if (there.length === 0) return applyChanges(connection, 0, schema.length);
  const history = await readHistory(connection);
  if (history === undefined) throw notEmpty(`it has a table ${there[0]}`);
  if (history.length !== schema.length || !beginsWith(schema, history))
    throw notEmpty('it has the tables of another version of Berth');
  for (const table of there.filter((name) => name !== 'schema_migration')) {
    const { rows } = await connection.query(`select from ${quote(table)} limit 1`, []);
    if (rows.length > 0) throw notEmpty(`there are rows in ${table}`);
  }
}

function notEmpty(why: string): Failure {
  return new Failure(`The database of BERTH_DATABASE_URL is not empty: ${why}.`, {
    nextStep: 'Make a new database (`createdb`) and name that one. Nothing was changed.',
  });
}

function fillable(
  connection: Connection,
  tables: ReadonlyMap<string, readonly Column[]>,
  stack: AsyncDisposableStack,
): SnapshotTarget {
  const given = new Map<string, number>();
  return {
    openTable(name, columns) {
      if (name === sequenceTable && hasSameNames(columns, sequenceColumns))
        return async (rows) => noteSequences(given, columns, rows);
      const own = tableNames.includes(name) ? (tables.get(name) ?? []) : [];
      if (
        own.length === 0 ||
        !hasSameNames(
          own.map((one) => one.name),
          columns,
        )
      ) {
        throw new Failure('The backup has a table that the database has not.', {
          nextStep: 'Take a backup that `berth backup` has made.',
        });
      }
      const types = new Map(own.map((one) => [one.name, one.type]));
      const sql = insertInto(name, columns, types);
      return async (rows) => insertAll(connection, { name, sql, columns }, rows);
    },
    async finish() {
      await raiseSequences(connection, tables, given);
      await connection.query('commit', []);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const hasSameNames = (some: readonly string[], others: readonly string[]): boolean =>
  some.toSorted().join('\n') === others.toSorted().join('\n');

/** One list for each column, so that any number of rows is one statement. */
function insertInto(
  table: string,
  columns: readonly string[],
  types: ReadonlyMap<string, string>,
): string {
  const lists = columns.map((name, at) => `$${at + 1}::${types.get(name)}[]`);
  return `insert into ${quote(table)} (${columns.map(quote).join(', ')}) overriding system value
    select * from unnest(${lists.join(', ')})`;
}

async function insertAll(
  connection: Connection,
  {
    name,
    sql,
    columns,
  }: { readonly name: string; readonly sql: string; readonly columns: readonly string[] },
  rows: readonly SnapshotRow[],
): Promise<void> {
  if (rows.length === 0) return;
  const lists = columns.map((_, at) => rows.map((row) => storable(row[at])));
  try {
    await connection.query(sql, lists);
  } catch (error) {
    if (!isUnfitRow(error)) throw error;
    throw new Failure(`The database does not take a row of ${name}: ${error.message}.`, {
      nextStep: 'Take a backup that `berth backup` has made.',
      cause: error,
    });
  }
}

function noteSequences(
  given: Map<string, number>,
  columns: readonly string[],
  rows: readonly SnapshotRow[],
): void {
  const [name, seq] = sequenceColumns.map((column) => columns.indexOf(column));
  for (const row of rows) given.set(String(row[name ?? 0]), Number(row[seq ?? 1]));
}

/** The next row gets a number that none has had, also where the last ones were deleted. */
async function raiseSequences(
  connection: Connection,
  tables: ReadonlyMap<string, readonly Column[]>,
  given: ReadonlyMap<string, number>,
): Promise<void> {
  for (const { table, column } of identitiesOf(tables)) {
    const highest = `greatest($3::bigint, (select max(${quote(column)}) from ${quote(table)}))`;
    await connection.query(
      `select setval(pg_get_serial_sequence($1, $2), highest) from (select ${highest} as highest) as found
       where highest > 0`,
      [quote(table), column, given.get(table) ?? 0],
    );
  }
}
