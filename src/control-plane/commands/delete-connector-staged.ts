import type { ConnectorStaged } from '../../core/connector.ts';
import { reject } from '../../core/errors.ts';
import type { ExpectedVersions } from '../../wire/conditions.ts';
import { commitOrStale, refuseUnexpectedVersion } from './commit-or-stale.ts';
import type { CommandDependencies } from './dependencies.ts';

/** Contract §7, deletion rules: not while it is published, being published, or deployed somewhere. */
export async function deleteConnectorStaged(
  { store }: Pick<CommandDependencies, 'store'>,
  staged: ConnectorStaged,
  expected?: ExpectedVersions,
): Promise<void> {
  refuseUnexpectedVersion(staged, expected);
  if (staged.status === 'Processing' || staged.status === 'InCertification') {
    reject('ConnectorStagedInvalidStatus', {
      text: `The ConnectorStaged cannot be deleted in status ${staged.status}`,
    });
  }
  if (staged.alreadyListed) {
    reject('ConnectorStagedInvalidStatus', {
      text: 'The ConnectorStaged cannot be deleted because it is published',
    });
  }
  const deployments = await store.deployments.countOfConnector(staged.id);
  if (deployments > 0) {
    reject('ConnectorStagedInvalidStatus', {
      text: `The ConnectorStaged cannot be deleted because ${deployments} Deployment(s) use it; delete them first`,
    });
  }
  await commitOrStale(store, staged, [
    { kind: 'delete-connector-staged', id: staged.id, expectedVersion: staged.version },
  ]);
}
