import { sql } from 'kysely';
import type { SqlDialect } from '../sql/dialect.ts';

export const sqliteDialect: SqlDialect = {
  listHasAny: (path, values) =>
    sql`exists (select 1 from json_each(document, ${sql.lit(['$', ...path].join('.'))}) where value in (${sql.join(values)}))`,
  textOf: (column, member) => sql`json_extract(${sql.ref(column)}, ${sql.lit(`$.${member}`)})`,
  membersOf: (column, list, member) => ({
    rows: sql`json_each(${sql.ref(column)}, ${sql.lit(`$.${list}`)})`,
    value: sql`json_extract(value, ${sql.lit(`$.${member}`)})`,
  }),
  rowsOf: (json, columns) => {
    const selected = Object.keys(columns).map(
      (name) => sql`json_extract(value, ${sql.lit(`$.${name}`)}) as ${sql.ref(name)}`,
    );
    return sql`(select ${sql.join(selected)} from json_each(${json}))`;
  },
  // Only one connection writes at a time.
  forUpdate: sql``,
  skipLocked: sql``,
};
