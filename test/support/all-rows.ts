import { DatabaseSync } from 'node:sqlite';
import { Client } from 'pg';

/** Every row of every table of a SQLite file, each as JSON, in an order that does not depend on the file. */
export function allRows(file: string): Readonly<Record<string, readonly string[]>> {
  using database = new DatabaseSync(file);
  const tables = database
    .prepare("select name from sqlite_schema where type = 'table'")
    .all()
    .map(({ name }) => String(name));
  return Object.fromEntries(
    tables.map((table) => {
      const rows = database.prepare(`select * from "${table}"`).all();
      return [table, rows.map((row) => JSON.stringify(row)).toSorted()];
    }),
  );
}

/** What no engine shares with the other: its history, whose it is, and how it numbers. */
const ofEngine = ['schema_migration', 'sqlite_sequence', 'data_directory'];

/** The rows of Berth's tables, in a form that does not depend on the engine: columns by name, and behind them the highest number given. */
export function recordsOf(file: string): Records {
  using database = new DatabaseSync(file);
  const read = (sql: string) => database.prepare(sql).all() as readonly Row[];
  const names = read("select name from sqlite_schema where type = 'table'").map(({ name }) =>
    String(name),
  );
  const tables = names
    .filter((name) => !ofEngine.includes(name))
    .map((name) => [name, read(`select * from "${name}"`)] as const);
  const given = read('select name, seq from sqlite_sequence').map(
    ({ name, seq }) => [String(name), Number(seq)] as const,
  );
  return comparable(tables, given);
}

/** As `recordsOf`, of a PostgreSQL database. */
export async function recordsIn(url: string): Promise<Records> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows: found } = await client.query<{ name: string }>(
      "select table_name as name from information_schema.tables where table_schema = 'public'",
    );
    const tables: [string, readonly Row[]][] = [];
    for (const { name } of found.filter((one) => !ofEngine.includes(one.name))) {
      const { rows } = await client.query<{ row: Row }>(`select to_json(t) as row from ${name} t`);
      tables.push([name, rows.map(({ row }) => row)]);
    }
    const { rows: sequences } = await client.query<{ name: string; last: string }>(
      'select sequencename as name, last_value as last from pg_sequences where last_value is not null',
    );
    const given = sequences.map(
      ({ name, last }) => [name.replace(/_seq_seq$/, ''), Number(last)] as const,
    );
    return comparable(tables, given);
  } finally {
    await client.end();
  }
}

type Row = Readonly<Record<string, unknown>>;

export interface Records {
  readonly tables: Readonly<Record<string, readonly string[]>>;
  readonly given: Readonly<Record<string, number>>;
}

function comparable(
  tables: readonly (readonly [string, readonly Row[]])[],
  given: readonly (readonly [string, number])[],
): Records {
  const byName = <T>(entries: readonly (readonly [string, T])[]) =>
    Object.fromEntries(entries.toSorted(([one], [other]) => (one < other ? -1 : 1)));
  return {
    tables: byName(
      tables.map(([name, rows]) => [
        name,
        rows.map((row) => JSON.stringify(byName(Object.entries(row)))).toSorted(),
      ]),
    ),
    given: byName(given),
  };
}
