import type { ExpressionBuilder, Kysely } from 'kysely';
import type { Change } from '../../../ports/store.ts';
import type { SqlDialect } from './dialect.ts';
import type { Schema } from './schema.ts';
import type { Write } from './write.ts';

/** An expired token is kept for a while, so that introspection can tell. */
const sweepAfterMs = 4 * 24 * 3600 * 1000;

export function putToken(
  db: Kysely<Schema>,
  dialect: SqlDialect,
  { token, keep }: Extract<Change, { kind: 'put-token' }>,
): readonly Write[] {
  const itsOthers = (eb: ExpressionBuilder<Schema, 'access_token'>) =>
    eb.and([eb('client_id', '=', token.clientId), eb('hash', '!=', token.hash)]);
  const endOfFirstTooMany = db
    .selectFrom('access_token')
    .select('expires_at')
    .where(itsOthers)
    .orderBy('expires_at', 'desc')
    .limit(1)
    .offset(keep - 1);
  const client = db.selectFrom('api_client').select('id').where('id', '=', token.clientId);
  return [
    // Two new ones at the same moment would not see, and not count, each other.
    { query: client.modifyEnd(dialect.forUpdate) },
    // Tokens die by themselves; whoever makes a new one sweeps up.
    {
      query: db.deleteFrom('access_token').where('expires_at', '<', token.expiresAt - sweepAfterMs),
    },
    {
      query: db.insertInto('access_token').values({
        hash: token.hash,
        client_id: token.clientId,
        project_key: token.projectKey,
        scopes: JSON.stringify(token.scopes),
        expires_at: token.expiresAt,
      }),
    },
    {
      query: db
        .deleteFrom('access_token')
        .where(itsOthers)
        .where('expires_at', '<=', endOfFirstTooMany),
    },
  ];
}
