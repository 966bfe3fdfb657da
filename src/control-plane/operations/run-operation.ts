import { Failure } from '../../core/failure.ts';
import { maxAttempts, type Operation, type OperationKind } from '../../core/operation.ts';
import type { ReportEntry } from '../../core/report.ts';
import { FencedOff } from '../../core/store-failure.ts';
import type { Change } from '../../ports/store.ts';
import type { OperationDependencies } from './dependencies.ts';
import { deploy, failDeploy } from './deploy.ts';
import { OperationRun, StepFailure } from './operation-run.ts';
import { failPreview, preview } from './preview.ts';
import { failPublish, publish } from './publish.ts';
import { failUndeploy, undeploy } from './undeploy.ts';

export interface OperationPlan {
  /** Works through the steps and ends with `run.finish`. */
  readonly run: (deps: OperationDependencies, run: OperationRun) => Promise<void>;
  /** What a failure changes besides the report: the status, and what must not stay. */
  readonly fail: (deps: OperationDependencies, run: OperationRun) => Promise<readonly Change[]>;
}

const plans: { readonly [K in OperationKind]: OperationPlan } = {
  preview: { run: preview, fail: failPreview },
  publish: { run: publish, fail: failPublish },
  deploy: { run: deploy, fail: failDeploy },
  undeploy: { run: undeploy, fail: failUndeploy },
};

/**
 * One attempt, to a final state or until `stopped` fires, which leaves the operation to the next attempt.
 * Never throws: a bug fails the operation and is logged.
 */
export async function runOperation(
  deps: OperationDependencies,
  operation: Operation,
  stopped: AbortSignal,
): Promise<void> {
  const deadline = AbortSignal.timeout(Math.max(0, operation.deadlineAt - deps.clock.now()));
  const plan = plans[operation.input.kind];
  const steps = await deps.store.operations.steps(operation.id);
  const given = { operation, store: deps.store, clock: deps.clock, steps };
  try {
    const run = new OperationRun({ ...given, signal: AbortSignal.any([stopped, deadline]) });
    refuseEndlessAttempts(operation);
    await plan.run(deps, run);
  } catch (error) {
    if (stopped.aborted || error instanceof FencedOff) return;
    const run = new OperationRun({ ...given, signal: stopped });
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

function refuseEndlessAttempts(operation: Operation): void {
  if (operation.attempt > maxAttempts) {
    throw new Failure(
      `The operation was interrupted ${operation.attempt - 1} times and is given up.`,
      retry,
    );
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
