import {
  type InsertQueryBuilder,
  type InsertResult,
  type Kysely,
  type RawBuilder,
  sql,
} from 'kysely';
import type { Deployment } from '../../../core/deployment.ts';
import type { Change, DeploymentReader, Page, PageRequest } from '../../../ports/store.ts';
import type { SqlDialect } from './dialect.ts';
import { paged } from './pages.ts';
import { deploymentRow, fromDocument } from './records.ts';
import type { Schema } from './schema.ts';
import type { Write } from './write.ts';

type Db = Kysely<Schema>;
type Query = Parameters<DeploymentReader['query']>[1];
type Kind = Pick<Schema['deployment_count'], 'type' | 'integration_types'>;

/** Takes as long for a million as for a thousand: what is wanted is known by kinds, which are few and counted. */
export async function queryDeployments(
  db: Db,
  projectKey: string,
  page: Query,
): Promise<Page<Deployment>> {
  const kinds = await db
    .selectFrom('deployment_count')
    .selectAll()
    .where('project_key', '=', projectKey)
    .where('count', '>', 0)
    .execute();
  const wanted = kinds.filter((kind) => isWanted(kind, page));
  const rows = await selectPage(
    db,
    projectKey,
    page,
    wanted.length === kinds.length ? 'all' : wanted,
  );
  return {
    total: wanted.reduce((sum, { count }) => sum + Number(count), 0),
    results: rows.map((row) => fromDocument<Deployment>(row)),
  };
}

function isWanted(kind: Kind, { type, integrationTypes = [] }: Query): boolean {
  if (type !== undefined && type !== kind.type) return false;
  const own = kind.integration_types.split(' ');
  return integrationTypes.length === 0 || integrationTypes.some((one) => own.includes(one));
}

/** More are not asked for one by one: then all Deployments are looked through in the order of the page. */
const mostParts = 100;

async function selectPage(
  db: Db,
  projectKey: string,
  page: PageRequest,
  kinds: readonly Kind[] | 'all',
): Promise<readonly { readonly document: string }[]> {
  const deployments = db.selectFrom('deployment');
  const own = deployments.where('project_key', '=', projectKey);
  if (kinds === 'all') return paged(own.select('document'), page).execute();
  if (kinds.length === 0) return [];
  if (kinds.length > mostParts)
    return paged(own.select('document').where(isOneOf(kinds)), page).execute();
  // An index has each kind in the order of the page: the first of all are among the first of each.
  const first = { ...page, limit: page.offset + page.limit, offset: 0 };
  const parts = kinds.map((kind) => {
    const ofKind = paged(own.select('id').where(isOneOf([kind])), first);
    return sql`select id from (${ofKind}) as part`;
  });
  // With the project SQLite would look through all of it again.
  const among = sql<boolean>`id in (${sql.join(parts, sql` union all `)})`;
  const ids = paged(deployments.select('id').where(among), page);
  return paged(deployments.select('document').where('id', 'in', ids), {
    ...page,
    offset: 0,
  }).execute();
}

function isOneOf(kinds: readonly Kind[]): RawBuilder<boolean> {
  const each = kinds.map(
    (kind) => sql`type = ${kind.type} and integration_types = ${kind.integration_types}`,
  );
  return sql`(${sql.join(each, sql` or `)})`;
}

export function insertDeployment(db: Db, record: Deployment): readonly Write[] {
  const row = deploymentRow(record);
  const { project_key, type, integration_types } = row;
  const count = { project_key, type, integration_types, count: 1 };
  return [
    { query: db.insertInto('deployment').values(row) },
    { query: oneMore(db.insertInto('deployment_count').values(count)) },
  ];
}

/** What is counted for a Deployment that has changed meanwhile is undone with the commit, because its version is not met. */
export function updateDeployment(
  db: Db,
  { record, expectedVersion }: Extract<Change, { kind: 'update-deployment' }>,
): readonly Write[] {
  const row = deploymentRow(record);
  const { type, integration_types } = row;
  const isOther = sql<boolean>`(type <> ${type} or integration_types <> ${integration_types})`;
  const counted = db
    .selectFrom('deployment')
    .select((eb) => [
      'project_key',
      eb.val(type).as('type'),
      eb.val(integration_types).as('integration_types'),
      sql<number>`1`.as('count'),
    ])
    .where('id', '=', record.id)
    .where(isOther);
  return [
    { query: oneLess(db, record.id, isOther) },
    {
      query: oneMore(
        db
          .insertInto('deployment_count')
          .columns(['project_key', 'type', 'integration_types', 'count'])
          .expression(counted),
      ),
    },
    {
      query: db
        .updateTable('deployment')
        .set(row)
        .where('id', '=', record.id)
        .where('version', '=', expectedVersion),
      expects: { kind: 'version', id: record.id },
    },
  ];
}

export function deleteDeployment(db: Db, dialect: SqlDialect, id: string): readonly Write[] {
  const row = db.selectFrom('deployment').select('id').where('id', '=', id);
  return [
    // Two at the same moment would both count it less.
    { query: row.modifyEnd(dialect.forUpdate) },
    { query: oneLess(db, id) },
    { query: db.deleteFrom('deployment').where('id', '=', id) },
  ];
}

function oneMore(insert: InsertQueryBuilder<Schema, 'deployment_count', InsertResult>) {
  return insert.onConflict((on) =>
    on
      .columns(['project_key', 'type', 'integration_types'])
      .doUpdateSet({ count: sql<number>`deployment_count.count + 1` }),
  );
}

/** Of the kind that the Deployment is of until now. */
function oneLess(db: Db, id: string, only: RawBuilder<boolean> = sql`true`) {
  const kind = sql`select project_key, type, integration_types from deployment where id = ${id} and ${only}`;
  return db
    .updateTable('deployment_count')
    .set({ count: sql<number>`count - 1` })
    .where(sql<boolean>`(project_key, type, integration_types) = (${kind})`);
}
