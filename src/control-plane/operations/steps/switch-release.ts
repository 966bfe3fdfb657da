import { Failure } from '../../../core/failure.ts';
import type { Release } from '../../../core/release.ts';
import type { OperationDependencies } from '../dependencies.ts';
import type { StepScope } from '../operation-run.ts';
import { waitFor } from '../wait-for.ts';

const routeTimeoutMs = 60_000;

/**
 * Makes the candidate current and what was current drain, in one commit; then waits until the gateway has followed, so
 * that a Deployment that says `Deployed` answers.
 */
export async function switchRelease(
  { store }: Pick<OperationDependencies, 'store'>,
  release: Release,
  scope: StepScope,
  commit: (changes: Parameters<typeof store.commit>[0]) => Promise<void>,
): Promise<void> {
  const before = await store.runtime.releases({
    states: ['current', 'candidate'],
    deploymentId: release.deploymentId,
  });
  await commit([
    ...before
      .filter(({ id }) => id !== release.id)
      .map(({ id, state }) => ({
        kind: 'set-release-state' as const,
        id,
        state: state === 'current' ? ('draining' as const) : ('retired' as const),
      })),
    { kind: 'set-release-state', id: release.id, state: 'current' },
  ]);
  const routed = await waitFor(
    store,
    { signal: scope.signal, timeoutMs: routeTimeoutMs },
    async () => ((await store.runtime.release(release.id))?.routed ? true : undefined),
  );
  if (routed === undefined) {
    throw new Failure('The gateway did not follow the switch to the new release.', {
      nextStep: 'Look at the log of the data plane, then redeploy.',
    });
  }
  scope.report('Information', 'Traffic switched', `Requests go to release ${release.number}.`);
}
