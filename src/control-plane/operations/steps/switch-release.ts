import { Failure } from '../../../core/failure.ts';
import type { Release } from '../../../core/release.ts';
import type { Change } from '../../../ports/store.ts';
import { waitFor } from '../../waiting/wait-for.ts';
import type { OperationDependencies } from '../dependencies.ts';
import type { StepScope } from '../operation-run.ts';

/** On top of what the application may take to start: the data plane may have to start all over. */
const routeTimeoutMs = 60_000;

/**
 * Makes the candidate current beside what is, waits until the gateway has followed, and only then lets the others drain:
 * a release that ends in this moment costs nothing, and a Deployment that says `Deployed` answers.
 */
export async function switchRelease(
  { store, startupTimeoutMs }: Pick<OperationDependencies, 'store' | 'startupTimeoutMs'>,
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
  const { deploymentId } = release;
  const all = await store.runtime.releases({ states: ['current', 'candidate'], deploymentId });
  const others = all.filter(({ id }) => id !== release.id);
  scope.change(...others.map(takeOut));
  scope.report('Information', 'Traffic switched', `Requests go to release ${release.number}.`);
}

/** What may be carrying requests lets them finish. */
export function takeOut({ id, state }: Pick<Release, 'id' | 'state'>): Change {
  return state === 'current'
    ? { kind: 'set-release-state', id, state: 'draining' }
    : { kind: 'forget-release', id };
}
