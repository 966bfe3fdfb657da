import { Failure } from '../../../core/failure.ts';
import type { Change } from '../../../ports/store.ts';
import { waitFor } from '../../waiting/wait-for.ts';
import type { OperationDependencies } from '../dependencies.ts';
import type { StepScope } from '../operation-run.ts';

/** Time to stop processes after the last request, on top of the drain. */
const graceMs = 60_000;

/** Lets every release of the Deployment drain and waits until nothing of it runs. */
export async function stopReleases(
  { store, drainMs }: Pick<OperationDependencies, 'store' | 'drainMs'>,
  deploymentId: string,
  scope: StepScope,
  commit: (changes: readonly Change[]) => Promise<void>,
): Promise<void> {
  const running = await store.runtime.releases({ states: ['candidate', 'current'], deploymentId });
  await commit(running.map(({ id }) => ({ kind: 'set-release-state', id, state: 'draining' })));
  const stopped = await waitFor(
    store,
    { signal: scope.signal, timeoutMs: drainMs + graceMs },
    async () => {
      const left = await store.runtime.releases({
        states: ['candidate', 'current', 'draining'],
        deploymentId,
      });
      return left.length === 0 ? true : undefined;
    },
  );
  if (stopped === undefined) {
    throw new Failure('The applications could not be stopped: the data plane reported nothing.', {
      nextStep: 'Look at the log of the data plane, then delete the Deployment again.',
    });
  }
  scope.report('Information', 'Applications stopped');
}
