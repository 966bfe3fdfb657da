import { type Kysely, sql } from 'kysely';
import { type ConnectorSearch, foldText } from '../../../core/connector-search.ts';
import type { SqlDialect } from './dialect.ts';
import type { Schema } from './schema.ts';

/** The rows that `isFound` in core finds. */
export function searchConnectors(db: Kysely<Schema>, dialect: SqlDialect, search: ConnectorSearch) {
  let found = db.selectFrom('connector').where('is_listed', '=', 1);
  found = search.onlyPrivate
    ? found.where('is_private', '=', 1).where(isAssigned(search.projectKey))
    : found.where((is) => is.or([is('is_private', '=', 0), isAssigned(search.projectKey)]));
  for (const word of search.words) found = found.where(hasWord(word));
  if (search.company !== undefined) found = found.where('company', '=', foldText(search.company));
  if (search.ids.length > 0) found = found.where('id', 'in', search.ids);
  if (search.keys.length > 0) found = found.where('key', 'in', search.keys);
  if (search.integrationTypes.length > 0)
    found = found.where(dialect.listHasAny(['integrationTypes'], search.integrationTypes));
  return found;
}

function isAssigned(projectKey: string) {
  return sql<boolean>`id in (select connector_id from connector_project where project_key = ${projectKey})`;
}

function hasWord(word: string) {
  const pattern = `%${word.replace(/[\\%_]/g, '\\$&')}%`;
  return sql<boolean>`searched_text like ${pattern} escape '\\'`;
}
