import type { ConnectorStaged } from '../../core/connector.ts';
import { type ConnectorUpdateAction, decideConnectorUpdate } from '../../core/connector-staged.ts';
import type { OperationInput } from '../../core/operation.ts';
import { keepCredentials } from '../../core/repository-url.ts';
import type { ConnectorUpdate } from '../../wire/connector-update.ts';
import { newOperation } from './accept-operation.ts';
import { commitOrStale, refuseOtherVersion } from './commit-or-stale.ts';
import { readSpecOrReject, sealCredentials } from './create-connector-staged.ts';
import type { CommandDependencies } from './dependencies.ts';

/** Contract §7. Whatever an action needs from outside is read first; then core decides and one commit keeps it. */
export async function updateConnectorStaged(
  deps: CommandDependencies,
  staged: ConnectorStaged,
  update: ConnectorUpdate,
): Promise<ConnectorStaged> {
  refuseOtherVersion(staged, update.version);
  const [published] = await deps.store.connectors.publishedAnywhere({ id: staged.id });
  const actions = await Promise.all(update.actions.map((action) => prepare(deps, staged, action)));
  const decided = decideConnectorUpdate({ staged, published }, actions, deps.clock.now());
  const operations = actions
    .flatMap((action) => operationOf(staged, action))
    .map((input) => newOperation(deps, staged.projectKey, input));
  if (operations.length > 0) await deps.room.require();
  await commitOrStale(deps.store, staged, [
    {
      kind: 'update-connector-staged',
      record: decided.staged,
      expectedVersion: staged.version,
    },
    ...(decided.published === undefined || decided.published === published
      ? []
      : [{ kind: 'put-connector' as const, record: decided.published }]),
    ...operations.map((operation) => ({ kind: 'insert-operation' as const, operation })),
  ]);
  return decided.staged;
}

async function prepare(
  deps: CommandDependencies,
  staged: ConnectorStaged,
  action: ConnectorUpdate['actions'][number],
): Promise<ConnectorUpdateAction> {
  switch (action.action) {
    case 'setRepository': {
      const { url: kept } = staged.repository;
      const stays = action.url === undefined ? kept : keepCredentials(action.url, kept);
      const repository = { url: stays ?? action.url ?? kept, tag: action.tag };
      const found = await readSpecOrReject(deps.source, repository);
      return {
        action: 'setRepository',
        repository: stays === undefined ? sealCredentials(deps, repository) : repository,
        found,
      };
    }
    case 'updatePreviewable':
    case 'publish':
      return { ...action, reportId: deps.newId() };
    default:
      return action;
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
