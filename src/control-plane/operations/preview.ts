import { inputOf } from '../../core/operation.ts';
import { decidePreviewCancelled, decidePreviewEnd } from '../../core/publishing.ts';
import type { Change } from '../../ports/store.ts';
import type { OperationDependencies } from './dependencies.ts';
import type { Cancelled } from './operation-plan.ts';
import type { OperationRun } from './operation-run.ts';
import { changeStaged, finishWith, readPublished, readStaged } from './update-staged.ts';
import { validateConnector } from './validate.ts';

/** `updatePreviewable` (contract §7): a connector that validates can be deployed as a preview. */
export async function preview(deps: OperationDependencies, run: OperationRun): Promise<void> {
  const input = inputOf(run.operation, 'preview');
  const staged = await readStaged(deps.store, input.connectorId);
  if (staged === undefined) return run.finish('succeeded', []);
  const validated = await validateConnector(deps, run, staged);
  await finishWith(run, async () => {
    const published = await readPublished(deps.store, staged.id);
    return changeStaged(deps.store, staged.id, (now) =>
      // Somebody has set another tag meanwhile: what was checked is not what is there.
      now.previewReportId === input.reportId
        ? decidePreviewEnd(now, validated, published, deps.clock.now())
        : undefined,
    );
  });
}

export async function failPreview(
  deps: OperationDependencies,
  run: OperationRun,
): Promise<readonly Change[]> {
  const { connectorId, reportId } = inputOf(run.operation, 'preview');
  const published = await readPublished(deps.store, connectorId);
  return changeStaged(deps.store, connectorId, (now) =>
    now.previewReportId === reportId
      ? decidePreviewEnd(now, undefined, published, deps.clock.now())
      : undefined,
  );
}

export async function cancelPreview(
  deps: OperationDependencies,
  run: OperationRun,
): Promise<Cancelled> {
  const { connectorId, reportId } = inputOf(run.operation, 'preview');
  const changes = await changeStaged(deps.store, connectorId, (now) =>
    now.previewReportId === reportId ? decidePreviewCancelled(now, deps.clock.now()) : undefined,
  );
  return { changes, outcome: 'It says nothing of the connector; request a preview again.' };
}
