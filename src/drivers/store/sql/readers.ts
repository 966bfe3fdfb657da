import { type Kysely, type SelectQueryBuilder, sql } from 'kysely';
import type { Connector, ConnectorStaged } from '../../../core/connector.ts';
import type { Deployment } from '../../../core/deployment.ts';
import { type Release, releaseStates } from '../../../core/release.ts';
import type { DeploymentRevision } from '../../../core/revision.ts';
import type { RuntimeReader } from '../../../ports/runtime-reader.ts';
import type {
  ConnectorReader,
  DeploymentReader,
  ProjectReader,
  Ref,
  ReportReader,
  RevisionReader,
} from '../../../ports/store.ts';
import { queryDeployments } from './deployments.ts';
import type { SqlDialect } from './dialect.ts';
import { type KeyedTable, paged } from './pages.ts';
import {
  addressOf,
  clientOf,
  entryOf,
  fromDocument,
  instanceOf,
  markOf,
  projectOf,
  releaseOf,
  tokenOf,
} from './records.ts';
import type { Schema } from './schema.ts';
import { searchConnectors } from './search.ts';

type Db = Kysely<Schema>;

export function createProjectReader(db: Db): ProjectReader {
  return {
    async get(key) {
      const row = await db
        .selectFrom('project')
        .selectAll()
        .where('key', '=', key)
        .executeTakeFirst();
      return row && projectOf(row);
    },
    async client(id) {
      const row = await db
        .selectFrom('api_client')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst();
      return row && clientOf(row);
    },
    async clients(projectKey, page) {
      // They never change, so that both fields one can sort by are the same.
      const direction = page.sort?.[0]?.direction ?? 'desc';
      const matching = db.selectFrom('api_client').where('project_key', '=', projectKey);
      const total = await matching.select(countAll).executeTakeFirstOrThrow();
      const rows = await matching
        .selectAll()
        .orderBy('created_at', direction)
        .orderBy('id')
        .limit(page.limit)
        .offset(page.offset)
        .execute();
      return { total: Number(total.count), results: rows.map(clientOf) };
    },
    async token(hash) {
      const row = await db
        .selectFrom('access_token')
        .innerJoin('api_client', 'api_client.id', 'access_token.client_id')
        .selectAll('access_token')
        .where('hash', '=', hash)
        .executeTakeFirst();
      return row && tokenOf(row);
    },
  };
}

export function createConnectorReader(db: Db, dialect: SqlDialect): ConnectorReader {
  return {
    async staged(projectKey, ref) {
      const row = await byRef(db.selectFrom('connector_staged').select('document'), ref)
        .where('project_key', '=', projectKey)
        .executeTakeFirst();
      return row && fromDocument<ConnectorStaged>(row);
    },
    async stagedAnywhere(ref) {
      const rows = await byRef(db.selectFrom('connector_staged').select('document'), ref).execute();
      return rows.map((row) => fromDocument<ConnectorStaged>(row));
    },
    async queryStaged(projectKey, page) {
      let matching = db.selectFrom('connector_staged').where('project_key', '=', projectKey);
      if (page.isPrivate !== undefined)
        matching = matching.where('is_private', '=', page.isPrivate ? 1 : 0);
      const wanted = page.integrationTypes ?? [];
      if (wanted.length > 0)
        matching = matching.where(dialect.listHasAny(['integrationTypes'], wanted));
      const total = await matching.select(countAll).executeTakeFirstOrThrow();
      const rows = await paged(matching.select('document'), page).execute();
      return {
        total: Number(total.count),
        results: rows.map((row) => fromDocument<ConnectorStaged>(row)),
      };
    },
    async stagedInStatus(statuses) {
      const rows = await db
        .selectFrom('connector_staged')
        .select('document')
        .where('status', 'in', statuses)
        .orderBy('last_modified_at')
        .orderBy('id')
        .execute();
      return rows.map((row) => fromDocument<ConnectorStaged>(row));
    },
    async search(search, page) {
      const matching = searchConnectors(db, dialect, search);
      const total = await matching.select(countAll).executeTakeFirstOrThrow();
      const rows = await paged(matching.select('document'), page).execute();
      return {
        total: Number(total.count),
        results: rows.map((row) => fromDocument<Connector>(row)),
      };
    },
    async publishedAnywhere(ref) {
      const rows = await byRef(db.selectFrom('connector').select('document'), ref).execute();
      return rows.map((row) => fromDocument<Connector>(row));
    },
  };
}

export function createDeploymentReader(db: Db): DeploymentReader {
  return {
    async get(projectKey, ref) {
      const row = await byRef(db.selectFrom('deployment').select('document'), ref)
        .where('project_key', '=', projectKey)
        .executeTakeFirst();
      return row && fromDocument<Deployment>(row);
    },
    async byId(id) {
      const row = await db
        .selectFrom('deployment')
        .select('document')
        .where('id', '=', id)
        .executeTakeFirst();
      return row && fromDocument<Deployment>(row);
    },
    query: (projectKey, page) => queryDeployments(db, projectKey, page),
    async countOfConnector(connectorId) {
      const row = await db
        .selectFrom('deployment')
        .select(countAll)
        .where('connector_id', '=', connectorId)
        .executeTakeFirstOrThrow();
      return Number(row.count);
    },
  };
}

export function createRevisionReader(db: Db): RevisionReader {
  const of = (projectKey: string, deploymentId: string) =>
    db
      .selectFrom('revision')
      .where('project_key', '=', projectKey)
      .where('deployment_id', '=', deploymentId);
  return {
    async query(projectKey, deploymentId, { limit, offset }) {
      const matching = of(projectKey, deploymentId);
      const total = await matching.select(countAll).executeTakeFirstOrThrow();
      const rows = await matching
        .select('document')
        .orderBy('number', 'desc')
        .limit(limit)
        .offset(offset)
        .execute();
      return {
        total: Number(total.count),
        results: rows.map((row) => fromDocument<DeploymentRevision>(row)),
      };
    },
    async get(projectKey, deploymentId, number) {
      const row = await of(projectKey, deploymentId)
        .select('document')
        .where('number', '=', number)
        .executeTakeFirst();
      return row && fromDocument<DeploymentRevision>(row);
    },
    async numbers(projectKey, deploymentId) {
      const rows = await of(projectKey, deploymentId)
        .select('number')
        .orderBy('number', 'desc')
        .execute();
      return rows.map(({ number }) => number);
    },
  };
}

export function createReportReader(db: Db): ReportReader {
  return {
    async entries(reportIds) {
      if (reportIds.length === 0) return [];
      const rows = await db
        .selectFrom('report_entry')
        .selectAll()
        .where('report_id', 'in', reportIds)
        .orderBy('seq')
        .execute();
      return rows.map(entryOf);
    },
  };
}

export function createRuntimeReader(db: Db, dialect: SqlDialect): RuntimeReader {
  const releaseArtifacts: RuntimeReader['releaseArtifacts'] = async ({ states }) => {
    const { rows, value } = dialect.membersOf('release.document', 'applications', 'artifactKey');
    const found = await db
      .selectFrom(['release', rows.as('application')])
      .select(value.as('key'))
      .distinct()
      .where('release.state', 'in', states)
      .execute();
    return new Set(found.map(({ key }) => key));
  };
  return {
    releaseArtifacts,
    async release(id) {
      const row = await db
        .selectFrom('release')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst();
      return row && releaseOf(row);
    },
    async releases({ states, deploymentId }) {
      let query = db.selectFrom('release').selectAll().where('state', 'in', states);
      if (deploymentId !== undefined) query = query.where('deployment_id', '=', deploymentId);
      return (await query.orderBy('created_at').orderBy('number').execute()).map(releaseOf);
    },
    async releaseMarks({ states }) {
      const rows = await db
        .selectFrom('release')
        .select(['id', 'state', 'routed', 'edition'])
        .where('state', 'in', states)
        .orderBy('created_at')
        .orderBy('number')
        .execute();
      return rows.map(markOf);
    },
    async releasesById(ids) {
      const releases: Release[] = [];
      for (let from = 0; from < ids.length; from += idsAtOnce) {
        const wanted = ids.slice(from, from + idsAtOnce);
        const query = db.selectFrom('release').selectAll().where('id', 'in', wanted);
        for (const row of await query.execute()) releases.push(releaseOf(row));
      }
      return releases;
    },
    async instances({ releaseId }) {
      let query = db.selectFrom('instance').selectAll();
      if (releaseId !== undefined) query = query.where('release_id', '=', releaseId);
      return (await query.execute()).map(instanceOf);
    },
    async addresses() {
      return (await db.selectFrom('address').selectAll().execute()).map(addressOf);
    },
    async address(hostLabel) {
      const row = await db
        .selectFrom('address')
        .selectAll()
        .where('host_label', '=', hostLabel)
        .executeTakeFirst();
      return row && addressOf(row);
    },
    async artifactKeys() {
      // In the order in which an artifact goes from one to the next: none is missed that changes hands meanwhile.
      // A deploy under way has built what no release names yet.
      const built = await db
        .selectFrom('operation_step')
        .innerJoin('operation', 'operation.id', 'operation_step.operation_id')
        .select('operation_step.result')
        .where('operation.state', 'in', ['queued', 'running'])
        .where('operation_step.name', 'like', 'build/%')
        .execute();
      const staged = await db.selectFrom('connector_staged').select('document').execute();
      const released = await releaseArtifacts({ states: releaseStates });
      const revisions = await db
        .selectFrom('revision')
        .select('artifact_keys')
        .distinct()
        .execute();
      return new Set([
        ...built.map((row) => JSON.parse(row.result) as string),
        ...revisions.flatMap((row) => JSON.parse(row.artifact_keys) as string[]),
        ...released,
        ...staged.flatMap((row) => fromDocument<ConnectorStaged>(row).artifactKeys ?? []),
      ]);
    },
  };
}

const idsAtOnce = 100;

const countAll = sql<number>`count(*)`.as('count');

function byRef<T extends KeyedTable, O>(query: SelectQueryBuilder<Schema, T, O>, ref: Ref) {
  const keyed = query as unknown as SelectQueryBuilder<Schema, 'deployment', O>;
  return 'id' in ref ? keyed.where('id', '=', ref.id) : keyed.where('key', '=', ref.key);
}
