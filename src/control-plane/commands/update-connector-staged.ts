import type { ConnectorStaged } from '../../core/connector.ts';
import { type ConnectorUpdateAction, decideConnectorUpdate } from '../../core/connector-staged.ts';
import type { OperationInput } from '../../core/operation.ts';
import type { ConnectorUpdate } from '../../wire/connector-staged.ts';
import { newOperation } from './accept-operation.ts';
import { commitOrStale, refuseOtherVersion } from './commit-or-stale.ts';
import { readSpecOrReject } from './create-connector-staged.ts';
import type { CommandDependencies } from './dependencies.ts';

/** Contract §7. Whatever an action needs from outside is read first; then core decides and one commit keeps it. */
export async function updateConnectorStaged(
  deps: CommandDependencies,
  staged: ConnectorStaged,
  update: ConnectorUpdate,
): Promise<ConnectorStaged> {
  refuseOtherVersion(staged, update.version);
  const actions = await Promise.all(update.actions.map((action) => prepare(deps, staged, action)));
  const record = decideConnectorUpdate(staged, actions, deps.clock.now());
  const operations = actions
    .flatMap((action) => operationOf(staged, action))
    .map((input) => newOperation(deps, staged.projectKey, input));
  await commitOrStale(deps.store, staged, [
    { kind: 'update-connector-staged', record, expectedVersion: staged.version },
    ...operations.map((operation) => ({ kind: 'insert-operation' as const, operation })),
  ]);
  return record;
}

async function prepare(
  deps: CommandDependencies,
  staged: ConnectorStaged,
  action: ConnectorUpdate['actions'][number],
): Promise<ConnectorUpdateAction> {
  switch (action.action) {
    case 'setRepository': {
      const repository = { url: action.url ?? staged.repository.url, tag: action.tag };
      return {
        action: 'setRepository',
        repository,
        found: await readSpecOrReject(deps.source, repository),
      };
    }
    case 'updatePreviewable':
      return { ...action, reportId: deps.newId() };
    case 'publish':
      return { ...action, reportId: deps.newId() };
    default:
      return action satisfies never;
  }
}

function operationOf(staged: ConnectorStaged, action: ConnectorUpdateAction): OperationInput[] {
  if (action.action === 'updatePreviewable') {
    return [{ kind: 'preview', connectorId: staged.id, reportId: action.reportId }];
  }
  if (action.action === 'publish') {
    const { certification, reportId } = action;
    return [{ kind: 'publish', connectorId: staged.id, reportId, certification }];
  }
  return [];
}
