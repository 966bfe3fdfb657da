import { Failure } from '../../core/failure.ts';
import { maxAttempts, type Operation, type OperationKind } from '../../core/operation.ts';
import type { ReportEntry } from '../../core/report.ts';
import { CancelRequested, FencedOff, StoreUnavailable } from '../../core/store-failure.ts';
import type { OperationDependencies } from './dependencies.ts';
import { cancelDeploy, deploy, failDeploy } from './deploy.ts';
import type { OperationPlan } from './operation-plan.ts';
import { OperationRun, StepFailure } from './operation-run.ts';
import { cancelPreview, failPreview, preview } from './preview.ts';
import { cancelPublish, failPublish, publish } from './publish.ts';
import { cancelUndeploy, failUndeploy, undeploy } from './undeploy.ts';

const plans: { readonly [K in OperationKind]: OperationPlan } = {
  preview: { run: preview, fail: failPreview, cancel: cancelPreview },
  publish: { run: publish, fail: failPublish, cancel: cancelPublish },
  deploy: { run: deploy, fail: failDeploy, cancel: cancelDeploy },
  undeploy: { run: undeploy, fail: failUndeploy, cancel: cancelUndeploy },
};

/** What can end an attempt from outside. */
export interface AttemptSignals {
  /** Leaves the operation to the next attempt. */
  readonly stopped: AbortSignal;
  /** Somebody has asked to cancel it, and the store knows. */
  readonly cancelled: AbortSignal;
}

/**
 * One attempt, to a final state or until `stopped` fires or the database goes away. One that is still queued can only be cancelled.
 * Never throws: a bug fails the operation and is logged.
 */
export async function runOperation(
  deps: OperationDependencies,
  operation: Operation,
  { stopped, cancelled }: AttemptSignals,
): Promise<void> {
  const deadline = AbortSignal.timeout(Math.max(0, operation.deadlineAt - deps.clock.now()));
  const plan = plans[operation.input.kind];
  const steps = await deps.store.operations.steps(operation.id);
  const given = { operation, store: deps.store, clock: deps.clock, steps };
  try {
    const signal = AbortSignal.any([stopped, deadline, cancelled]);
    const run = new OperationRun({ ...given, signal });
    refuseCancelled(operation);
    refuseEndlessAttempts(operation);
    await plan.run(deps, run);
  } catch (error) {
    if (stopped.aborted || error instanceof FencedOff) return;
    if (error instanceof StoreUnavailable) {
      // The commit may have arrived: only the next attempt, when the lease has run out, can know.
      deps.logger.warn(
        { err: error, operation: operation.id },
        'the database went away under an operation',
      );
      return;
    }
    const run = new OperationRun({ ...given, signal: stopped });
    if (cancelled.aborted || error instanceof CancelRequested) {
      await finishCancelled(deps, run, plan);
      return;
    }
    const reason = deadline.aborted
      ? new Failure('The operation did not finish before its deadline.', retry)
      : error;
    await finishFailed(deps, run, plan, reason);
  }
}

const retry = {
  nextStep:
    'Nothing of it is left running. Try it again; if it happens again, look at its last step.',
};

/** An earlier attempt was killed before it could follow the request, or there was none. */
function refuseCancelled(operation: Operation): void {
  if (operation.cancel !== undefined) throw new CancelRequested(operation.id);
}

function refuseEndlessAttempts(operation: Operation): void {
  if (operation.attempt > maxAttempts) {
    throw new Failure(
      `The operation was interrupted ${operation.attempt - 1} times and is given up.`,
      retry,
    );
  }
}

async function finishCancelled(
  deps: OperationDependencies,
  run: OperationRun,
  plan: OperationPlan,
): Promise<void> {
  const { id, projectKey } = run.operation;
  try {
    const now = await deps.store.operationRecords.get(projectKey, id);
    const { changes, outcome } = await plan.cancel(deps, run);
    const who = `API client "${now?.cancel?.by}" asked for it.`;
    const entry = run.entry('Warning', 'Operation cancelled', `${who} ${outcome}`);
    await run.finish('cancelled', changes, { step: 'operation', entries: [entry] });
  } catch (failure) {
    if (failure instanceof FencedOff) return;
    deps.logger.error({ err: failure }, 'a cancelled operation could not be ended');
    await giveUp(deps, run, failure);
  }
}

async function finishFailed(
  deps: OperationDependencies,
  run: OperationRun,
  plan: OperationPlan,
  error: unknown,
) {
  const cause = error instanceof StepFailure ? error.cause : error;
  if (!(cause instanceof Failure))
    deps.logger.error({ err: cause, operation: run.operation.id }, 'operation failed');
  try {
    const changes = await plan.fail(deps, run);
    await run.finish('failed', changes, lastEntries(run, error));
  } catch (failure) {
    if (failure instanceof FencedOff) return;
    deps.logger.error({ err: failure }, 'a failed operation could not be ended');
    await giveUp(deps, run, error);
  }
}

/** The last resort: better an operation without its after-care than one that is tried for ever. */
async function giveUp(deps: OperationDependencies, run: OperationRun, error: unknown) {
  if (run.operation.attempt <= maxAttempts) return;
  await run
    .finish('failed', [], lastEntries(run, error))
    .catch((again: unknown) =>
      deps.logger.error({ err: again }, 'it could not be given up either'),
    );
}

function lastEntries(run: OperationRun, error: unknown): { step: string; entries: ReportEntry[] } {
  if (error instanceof StepFailure) {
    const { application } = error.options;
    const title = (error.cause instanceof Failure && error.cause.title) || error.options.failed;
    return {
      step: error.step,
      entries: [...error.entries, run.entry('Error', title, error.message, application)],
    };
  }
  const text =
    error instanceof Failure
      ? [error.message, error.nextStep].filter(Boolean).join('\n')
      : internalError;
  return { step: 'operation', entries: [run.entry('Error', 'Operation failed', text)] };
}

const internalError = 'An internal error of Berth; its log says more.';
