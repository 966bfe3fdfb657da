import { setTimeout as wait } from 'node:timers/promises';
import { Failure } from '../../core/failure.ts';
import { maxAttempts, type Operation, type OperationKind } from '../../core/operation.ts';
import type { ReportEntry } from '../../core/report.ts';
import { CancelRequested, FencedOff, StoreUnavailable } from '../../core/store-failure.ts';
import type { OperationDependencies } from './dependencies.ts';
import { abandonDeploy, cancelDeploy, deploy, failDeploy } from './deploy.ts';
import type { OperationPlan } from './operation-plan.ts';
import { OperationRun, StepFailure } from './operation-run.ts';
import { cancelPreview, failPreview, preview } from './preview.ts';
import { cancelPublish, failPublish, publish } from './publish.ts';
import { cancelUndeploy, failUndeploy, undeploy } from './undeploy.ts';

const plans: { readonly [K in OperationKind]: OperationPlan } = {
  preview: { run: preview, fail: failPreview, cancel: cancelPreview, abandon: failPreview },
  publish: { run: publish, fail: failPublish, cancel: cancelPublish, abandon: failPublish },
  deploy: { run: deploy, fail: failDeploy, cancel: cancelDeploy, abandon: abandonDeploy },
  undeploy: { run: undeploy, fail: failUndeploy, cancel: cancelUndeploy, abandon: failUndeploy },
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
  const signal = AbortSignal.any([stopped, deadline, cancelled]);
  const run = new OperationRun({ ...given, signal });
  try {
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
    // What was done before is told, too.
    await run.flush().catch(() => undefined);
    const ending = new OperationRun({ ...given, signal: stopped });
    if (cancelled.aborted || error instanceof CancelRequested) {
      await finishCancelled(deps, ending, plan);
      return;
    }
    const reason = deadline.aborted
      ? new Failure('The operation did not finish before its deadline.', retry)
      : error;
    await finishFailed(deps, ending, plan, reason);
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
  const entryOf = async (outcome: string) => {
    const now = await deps.store.operationRecords.get(projectKey, id);
    const who = `API client "${now?.cancel?.by}" asked for it.`;
    const entry = run.entry('Warning', 'Operation cancelled', `${who} ${outcome}`);
    return { step: 'operation', entries: [entry] };
  };
  await endSomehow(deps, run, [
    async () => {
      const { changes, outcome } = await plan.cancel(deps, run);
      await run.finish('cancelled', changes, await entryOf(outcome));
    },
    async () => run.finish('cancelled', await plan.abandon(deps, run), await entryOf(abandoned)),
    async () => run.finish('cancelled', [], await entryOf(abandoned)),
  ]);
}

async function finishFailed(
  deps: OperationDependencies,
  run: OperationRun,
  plan: OperationPlan,
  error: unknown,
): Promise<void> {
  const cause = error instanceof StepFailure ? error.cause : error;
  if (!(cause instanceof Failure))
    deps.logger.error({ err: cause, operation: run.operation.id }, 'operation failed');
  const last = lastEntries(run, error);
  await endSomehow(deps, run, [
    async () => run.finish('failed', await plan.fail(deps, run), last),
    async () => run.finish('failed', await plan.abandon(deps, run), last),
    async () => run.finish('failed', [], last),
  ]);
}

const abandoned =
  'Not all of it could be cleared up; the next redeploy does that, or the deletion.';
/** Before each further try to end an operation in the same way. */
const pausesMs = [100, 400, 1500];

/**
 * In the first way that works, each tried for a moment: better an operation that ends without its after-care than one that is tried for
 * ever. Where the store itself is the trouble it is left to the next attempt.
 */
async function endSomehow(
  { logger }: OperationDependencies,
  { operation, signal }: OperationRun,
  ways: readonly (() => Promise<void>)[],
): Promise<void> {
  for (const end of ways) {
    for (const pauseMs of [0, ...pausesMs]) {
      try {
        await wait(pauseMs, undefined, { signal });
        await end();
        return;
      } catch (error) {
        if (signal.aborted || error instanceof FencedOff) return;
        logger.error({ err: error, operation: operation.id }, 'an operation could not be ended');
        if (error instanceof StoreUnavailable) return;
      }
    }
  }
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
