import type { Connection } from './connections.ts';

export interface Column {
  readonly name: string;
  /** As SQL writes it. */
  readonly type: string;
  /** Its values are given by the database, from 1 on. */
  readonly isIdentity: boolean;
}

// What an extension has brought belongs to it.
const sql = `
  select class.relname as table, attribute.attname as name, attribute.attidentity <> '' as "isIdentity",
    format_type(attribute.atttypid, attribute.atttypmod) as type
  from pg_class as class
  join pg_namespace as namespace on namespace.oid = class.relnamespace
  join pg_attribute as attribute on attribute.attrelid = class.oid
  where namespace.nspname = current_schema() and class.relkind in ('r', 'p')
    and attribute.attnum > 0 and not attribute.attisdropped
    and not exists (
      select from pg_depend where classid = 'pg_class'::regclass and objid = class.oid and deptype = 'e'
    )
  order by class.relname, attribute.attnum`;

/** Of the schema that Berth's tables are in: every table with its columns in their order. */
export async function readTables(
  connection: Connection,
): Promise<ReadonlyMap<string, readonly Column[]>> {
  const { rows } = await connection.query<Column & { readonly table: string }>(sql, []);
  const tables = new Map<string, Column[]>();
  for (const { table, name, type, isIdentity } of rows) {
    const column = { name, type, isIdentity };
    const known = tables.get(table);
    if (known === undefined) tables.set(table, [column]);
    else known.push(column);
  }
  return tables;
}

/** The table and column of every identity. */
export function identitiesOf(
  tables: ReadonlyMap<string, readonly Column[]>,
): readonly { readonly table: string; readonly column: string }[] {
  return [...tables].flatMap(([table, columns]) =>
    columns.filter(({ isIdentity }) => isIdentity).map(({ name }) => ({ table, column: name })),
  );
}

export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
