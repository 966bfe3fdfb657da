import { sql } from 'kysely';
import type { SqlDialect } from '../sql/dialect.ts';

export const postgresDialect: SqlDialect = {
  // A document without the list is no error: a function of rows gives none for null.
  listHasAny: (path, values) =>
    sql`exists (select 1 from json_array_elements_text(document::json #> ${sql.lit(`{${path.join(',')}}`)}) as listed(value) where value in (${sql.join(values)}))`,
  textOf: (column, member) => sql`(${sql.ref(column)}::json ->> ${sql.lit(member)})`,
  membersOf: (column, list, member) => ({
    rows: sql`json_array_elements(${sql.ref(column)}::json -> ${sql.lit(list)})`,
    value: sql`(value ->> ${sql.lit(member)})`,
  }),
  rowsOf: (json, columns) => {
    const defined = Object.entries(columns).map(
      ([name, type]) =>
        sql`${sql.ref(name)} ${sql.raw(type === 'text' ? 'text collate "C"' : 'bigint')}`,
    );
    return sql`(select * from json_to_recordset(${json}::json) as listed(${sql.join(defined)}))`;
  },
  forUpdate: sql`for update`,
  skipLocked: sql`for update skip locked`,
};
