import type { Deployment } from '../../core/deployment.ts';
import type { Change } from '../../ports/store.ts';
import { acceptedStatus, newOperation } from './accept-operation.ts';
import { commitOrStale } from './commit-or-stale.ts';
import type { CommandDependencies } from './dependencies.ts';

/** One commit of the Deployment as decided and the operation that brings it about. `read` is what the decision saw. */
export async function acceptDeploy(
  deps: CommandDependencies,
  read: Deployment,
  decided: Deployment,
  { skipScripts, also = [] }: { readonly skipScripts: boolean; readonly also?: readonly Change[] },
): Promise<Deployment> {
  await deps.room.require();
  const record = { ...decided, status: await acceptedStatus(deps) };
  const operation = newOperation(deps, record.projectKey, {
    kind: 'deploy',
    deploymentId: record.id,
    version: record.version,
    reportId: record.buildId,
    skipScripts,
    ...(record.rollbackRevision === undefined ? {} : { rollbackRevision: record.rollbackRevision }),
  });
  await commitOrStale(deps.store, read, [
    { kind: 'update-deployment', record, expectedVersion: read.version },
    ...also,
    { kind: 'insert-operation', operation },
  ]);
  return record;
}
