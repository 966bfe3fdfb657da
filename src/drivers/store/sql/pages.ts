import type { SelectQueryBuilder } from 'kysely';
import type { PageRequest } from '../../../ports/store.ts';
import type { Schema } from './schema.ts';

/** The tables whose records have versions and, mostly, keys. */
export type KeyedTable = 'connector_staged' | 'connector' | 'deployment';

const sortColumns = { createdAt: 'created_at', lastModifiedAt: 'last_modified_at' } as const;

/** Newest first unless asked otherwise, and always in a total order (contract §10, row 17). */
export function paged<T extends KeyedTable, O>(
  query: SelectQueryBuilder<Schema, T, O>,
  page: PageRequest,
) {
  const keyed = query as unknown as SelectQueryBuilder<Schema, 'deployment', O>;
  const sort = page.sort?.length ? page.sort : [{ field: 'createdAt', direction: 'desc' } as const];
  return sort
    .reduce((sorted, { field, direction }) => sorted.orderBy(sortColumns[field], direction), keyed)
    .orderBy('id')
    .limit(page.limit)
    .offset(page.offset);
}
