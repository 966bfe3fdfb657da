import { decideReadyForCertification } from '../../core/certification.ts';
import type { Connector, ConnectorStaged } from '../../core/connector.ts';
import { inputOf } from '../../core/operation.ts';
import { decidePublished, decidePublishFailed } from '../../core/publishing.ts';
import type { Change } from '../../ports/store.ts';
import type { OperationDependencies } from './dependencies.ts';
import type { Cancelled } from './operation-plan.ts';
import type { OperationRun } from './operation-run.ts';
import { changeStaged, finishWith, readPublished, readStaged } from './update-staged.ts';
import { validateConnector } from './validate.ts';

/** `publish` (contract §7): what validates becomes the Connector, at once when private. */
export async function publish(deps: OperationDependencies, run: OperationRun): Promise<void> {
  const input = inputOf(run.operation, 'publish');
  const staged = await readStaged(deps.store, input.connectorId);
  if (staged === undefined) return run.finish('succeeded', []);
  const validated = await validateConnector(deps, run, staged);
  await finishWith(run, async () => {
    // A comment may have come meanwhile; nothing else can.
    const checked = { ...((await readStaged(deps.store, staged.id)) ?? staged), ...validated };
    return input.certification
      ? certificationChanges(checked, deps.clock.now())
      : publishingChanges(checked, await readPublished(deps.store, staged.id), deps.clock.now());
  });
}

function certificationChanges(checked: ConnectorStaged, now: number): readonly Change[] {
  const record = decideReadyForCertification(checked, now);
  return [{ kind: 'update-connector-staged', record, expectedVersion: checked.version }];
}

function publishingChanges(
  checked: ConnectorStaged,
  previous: Connector | undefined,
  now: number,
): readonly Change[] {
  const { staged, connector } = decidePublished(checked, previous, now);
  return [
    { kind: 'update-connector-staged', record: staged, expectedVersion: checked.version },
    { kind: 'put-connector', record: connector },
  ];
}

export async function failPublish(
  deps: OperationDependencies,
  run: OperationRun,
): Promise<readonly Change[]> {
  return changeStaged(deps.store, inputOf(run.operation, 'publish').connectorId, (staged) =>
    decidePublishFailed(staged, deps.clock.now()),
  );
}

/** What was published before stays published; which status it came from is not known any more. */
export async function cancelPublish(
  deps: OperationDependencies,
  run: OperationRun,
): Promise<Cancelled> {
  const changes = await failPublish(deps, run);
  return { changes, outcome: 'Nothing was published; what was published before still is.' };
}
