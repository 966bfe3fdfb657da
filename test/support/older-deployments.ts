import type { IntegrationType } from '../../src/core/connector.ts';
import { type Deployment, snapshotConnector } from '../../src/core/deployment.ts';
import type { SnapshotStore } from '../../src/ports/snapshot.ts';
import type { Store } from '../../src/ports/store.ts';
import { connector, deployment } from './records.ts';

/** Makes a store at an older schema, in which nobody counted Deployments yet, with three of them. */
export async function fillOlderStore(store: SnapshotStore, schema: number): Promise<void> {
  await using target = await store.create(store.schema.slice(0, schema));
  const records = [
    withTypes('of-two', ['tax', 'psp']),
    withTypes('of-one', ['tax']),
    withTypes('of-none', []),
  ];
  const rows = records.map((record) => Object.entries(olderRow(record)));
  const insert = target.openTable('deployment', rows[0]?.map(([name]) => name) ?? []);
  await insert(rows.map((row) => row.map(([, value]) => value)));
  await target.finish();
}

/** What this version finds of them: by nothing, and by integration types. */
export async function countOlderDeployments(store: Store): Promise<readonly number[]> {
  const asked: readonly IntegrationType[][] = [[], ['tax'], ['psp'], ['psp', 'tax'], ['crm']];
  const pages = asked.map((integrationTypes) =>
    store.deployments.query('project', { limit: 9, offset: 0, integrationTypes }),
  );
  return (await Promise.all(pages)).map(({ total, results }) =>
    total === results.length ? total : Number.NaN,
  );
}

export const olderCounts: readonly number[] = [3, 2, 1, 2, 0];

function withTypes(id: string, integrationTypes: readonly IntegrationType[]): Deployment {
  return deployment({ id, connector: snapshotConnector(connector({ integrationTypes })) });
}

/** As versions without `integration_types` have written it. */
function olderRow(record: Deployment) {
  return {
    id: record.id,
    project_key: record.projectKey,
    key: null,
    version: record.version,
    document: JSON.stringify(record),
    type: record.type,
    connector_id: record.connector.id,
    created_at: record.createdAt,
    last_modified_at: record.lastModifiedAt,
  };
}
