import { type Kysely, sql } from 'kysely';
import type { AuditLogEntry, NumberedEntry } from '../../../core/audit-log.ts';
import type { AuditLogFilter, AuditLogReader, Change, PageRequest } from '../../../ports/store.ts';
import type { SqlDialect } from './dialect.ts';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;
type Append = Extract<Change, { kind: 'append-audit-log' }>;
type Prune = Extract<Change, { kind: 'prune-audit-log' }>;

/** One statement, so that what must still be true is true when the entry is written. */
export function appendStatement(db: Db, dialect: SqlDialect, { entry, onlyWhile }: Append) {
  const { actor } = entry;
  const row = db.selectNoFrom([
    sql.val(entry.projectKey).as('project_key'),
    sql.val(entry.at).as('at'),
    sql.val(entry.action).as('action'),
    sql.val(actor.type === 'client' ? actor.clientId : actor.type).as('actor'),
    sql.val(actor.type === 'client' ? (actor.subject ?? null) : null).as('subject'),
    sql.val(entry.resource.id).as('resource_id'),
    sql.val(entry.resource.subject?.id ?? null).as('owner_id'),
    sql.val(JSON.stringify(entry)).as('document'),
  ]);
  return db
    .insertInto('audit_log')
    .columns([
      'project_key',
      'at',
      'action',
      'actor',
      'subject',
      'resource_id',
      'owner_id',
      'document',
    ])
    .expression(
      onlyWhile === undefined
        ? row
        : row.where(({ exists }) => exists(stillThere(db, dialect, entry, onlyWhile))),
    );
}

function stillThere(
  db: Db,
  dialect: SqlDialect,
  { projectKey }: AuditLogEntry,
  onlyWhile: NonNullable<Append['onlyWhile']>,
) {
  if ('client' in onlyWhile) {
    return db
      .selectFrom('api_client')
      .select('id')
      .where('project_key', '=', projectKey)
      .where('id', '=', onlyWhile.client)
      .modifyEnd(dialect.forUpdate);
  }
  return db
    .selectFrom('operation')
    .select('id')
    .where('project_key', '=', projectKey)
    .where('id', '=', onlyWhile.cancellable)
    .where(isCancellable)
    .modifyEnd(dialect.forUpdate);
}

/** Of an operation. */
export const isCancellable = sql<boolean>`(state in ('queued', 'running') and cancel_requested_at is null
  and uncancellable is null)`;

export function pruneStatements(db: Db, { before, keep }: Prune) {
  const outdated = sql<number>`(select seq from (
    select seq, row_number() over (partition by project_key order by seq desc) as age from audit_log) as aged
    where age > ${keep})`;
  return [
    db.deleteFrom('audit_log').where('at', '<', before),
    db.deleteFrom('audit_log').where('seq', 'in', outdated),
  ];
}

export function createAuditLogReader(db: Db): AuditLogReader {
  return {
    query: (projectKey, page) => readPage(db, page, projectKey),
    queryAnywhere: (page) => readPage(db, page),
  };
}

async function readPage(
  db: Db,
  { limit, offset, ...filter }: Pick<PageRequest, 'limit' | 'offset'> & AuditLogFilter,
  projectKey?: string,
) {
  const matching = matchingEntries(db, filter, projectKey);
  const total = await matching
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  const rows = await matching
    .select(['seq', 'document'])
    .orderBy('seq', 'desc')
    .limit(limit)
    .offset(offset)
    .execute();
  return {
    total: Number(total.count),
    results: rows.map(({ seq, document }): NumberedEntry => {
      return { sequence: seq, ...(JSON.parse(document) as AuditLogEntry) };
    }),
  };
}

function matchingEntries(db: Db, filter: AuditLogFilter, projectKey: string | undefined) {
  const { resourceId, actor, action, from, to } = filter;
  let matching = db.selectFrom('audit_log');
  if (projectKey !== undefined) matching = matching.where('project_key', '=', projectKey);
  if (resourceId !== undefined) {
    matching = matching.where((eb) =>
      eb.or([eb('resource_id', '=', resourceId), eb('owner_id', '=', resourceId)]),
    );
  }
  if (action !== undefined) matching = matching.where('action', '=', action);
  if (actor !== undefined) {
    matching = matching.where((eb) => eb.or([eb('actor', '=', actor), eb('subject', '=', actor)]));
  }
  if (from !== undefined) matching = matching.where('at', '>=', from);
  if (to !== undefined) matching = matching.where('at', '<=', to);
  return matching;
}
