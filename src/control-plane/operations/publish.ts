import {
  decidePublished,
  decidePublishFailed,
  decideReadyForCertification,
} from '../../core/connector-staged.ts';
import { inputOf } from '../../core/operation.ts';
import type { Change } from '../../ports/store.ts';
import type { OperationDependencies } from './dependencies.ts';
import type { OperationRun } from './operation-run.ts';
import { changeStaged, readStaged } from './update-staged.ts';
import { validateConnector } from './validate.ts';

/** `publish` (contract §7): what validates becomes the Connector, at once when private. */
export async function publish(deps: OperationDependencies, run: OperationRun): Promise<void> {
  const input = inputOf(run.operation, 'publish');
  const staged = await readStaged(deps.store, input.connectorId);
  if (staged === undefined) return run.finish('succeeded', []);
  const validated = await validateConnector(deps, run, staged);
  const checked = { ...((await readStaged(deps.store, staged.id)) ?? staged), ...validated };
  const now = deps.clock.now();
  if (input.certification) {
    const record = decideReadyForCertification(checked, now);
    return run.finish('succeeded', [
      { kind: 'update-connector-staged', record, expectedVersion: checked.version },
    ]);
  }
  const [previous] = await deps.store.connectors.publishedAnywhere({ id: staged.id });
  const published = decidePublished(checked, previous, now);
  await run.finish('succeeded', [
    { kind: 'update-connector-staged', record: published.staged, expectedVersion: checked.version },
    { kind: 'put-connector', record: published.connector },
  ]);
}

export async function failPublish(
  deps: OperationDependencies,
  run: OperationRun,
): Promise<readonly Change[]> {
  return changeStaged(deps.store, inputOf(run.operation, 'publish').connectorId, (staged) =>
    decidePublishFailed(staged, deps.clock.now()),
  );
}
