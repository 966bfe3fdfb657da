import { DatabaseSync } from 'node:sqlite';

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
