import { servingOf } from '../../../core/application.ts';
import { Failure } from '../../../core/failure.ts';
import type { Release } from '../../../core/release.ts';
import type { Change } from '../../../ports/store.ts';
import { waitFor } from '../../waiting/wait-for.ts';
import type { OperationDependencies } from '../dependencies.ts';
import type { StepScope } from '../operation-run.ts';

/** On top of what the application may take to start: the data plane may have to start all over. */
const routeTimeoutMs = 60_000;

/**
 * Makes the candidate current beside what is and waits until the gateway has followed. Only when it has kept running for a
 * moment do the others drain: while they are there they serve again as soon as it ends. A Deployment that says `Deployed`
 * answers.
 */
export async function switchRelease(
  {
    store,
    startupTimeoutMs,
    steadyMs,
  }: Pick<OperationDependencies, 'store' | 'startupTimeoutMs' | 'steadyMs'>,
  release: Release,
  scope: StepScope,
  given: {
    readonly commit: (changes: readonly Change[]) => Promise<void>;
    /** @throws where the release has ended meanwhile */
    readonly check: () => Promise<void>;
  },
): Promise<void> {
  await given.check();
  await given.commit([{ kind: 'set-release-state', id: release.id, state: 'current' }]);
  const timeoutMs = startupTimeoutMs + routeTimeoutMs;
  const routed = await waitFor(store, { signal: scope.signal, timeoutMs }, async () => {
    await given.check();
    return (await store.runtime.release(release.id))?.routed ? true : undefined;
  });
  if (routed === undefined) {
    throw new Failure('The gateway did not follow the switch to the new release.', {
      nextStep: 'Look at the log of the data plane, then redeploy.',
    });
  }
  const hasProcesses = release.applications.some(({ type }) => servingOf(type) === 'process');
  if (hasProcesses)
    await keepChecking(store, { signal: scope.signal, forMs: steadyMs }, given.check);
  const { deploymentId } = release;
  const all = await store.runtime.releases({ states: ['current', 'candidate'], deploymentId });
  const others = all.filter(({ id }) => id !== release.id);
  scope.change(...others.map(takeOut));
  scope.report('Information', 'Traffic switched', `Requests go to release ${release.number}.`);
}

async function keepChecking(
  store: OperationDependencies['store'],
  { signal, forMs }: { readonly signal: AbortSignal; readonly forMs: number },
  check: () => Promise<void>,
): Promise<void> {
  await waitFor(store, { signal, timeoutMs: forMs }, async () => {
    await check();
    return undefined;
  });
}

/** What may be carrying requests lets them finish. */
export function takeOut({ id, state }: Pick<Release, 'id' | 'state'>): Change {
  return state === 'current'
    ? { kind: 'set-release-state', id, state: 'draining' }
    : { kind: 'forget-release', id };
}
