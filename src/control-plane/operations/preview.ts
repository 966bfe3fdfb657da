import { decidePreviewEnd } from '../../core/connector-staged.ts';
import { inputOf } from '../../core/operation.ts';
import type { Change } from '../../ports/store.ts';
import type { OperationDependencies } from './dependencies.ts';
import type { OperationRun } from './operation-run.ts';
import { changeStaged, readStaged } from './update-staged.ts';
import { validateConnector } from './validate.ts';

/** `updatePreviewable` (contract §7): a connector that validates can be deployed as a preview. */
export async function preview(deps: OperationDependencies, run: OperationRun): Promise<void> {
  const input = inputOf(run.operation, 'preview');
  const staged = await readStaged(deps.store, input.connectorId);
  if (staged === undefined) return run.finish('succeeded', []);
  const validated = await validateConnector(deps, run, staged);
  const changes = await changeStaged(deps.store, staged.id, (now) =>
    // Somebody has set another tag meanwhile: what was checked is not what is there.
    now.previewReportId === input.reportId
      ? { ...decidePreviewEnd(now, true, deps.clock.now()), ...validated }
      : undefined,
  );
  await run.finish('succeeded', changes);
}

export async function failPreview(
  deps: OperationDependencies,
  run: OperationRun,
): Promise<readonly Change[]> {
  const { connectorId, reportId } = inputOf(run.operation, 'preview');
  return changeStaged(deps.store, connectorId, (now) =>
    now.previewReportId === reportId ? decidePreviewEnd(now, false, deps.clock.now()) : undefined,
  );
}
