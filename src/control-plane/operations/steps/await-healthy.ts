import { servingOf } from '../../../core/application.ts';
import { RuntimeFailure } from '../../../core/failure.ts';
import type { Release } from '../../../core/release.ts';
import type { InstanceRecord } from '../../../ports/runtime-reader.ts';
import { waitFor } from '../../waiting/wait-for.ts';
import type { OperationDependencies } from '../dependencies.ts';
import type { StepScope } from '../operation-run.ts';

/** Time for the data plane to notice, on top of what the application itself may take. */
const noticeMs = 30_000;
/** Waits until the data plane has every application of the candidate healthy, or knows that one will not be. */
export async function awaitHealthy(
  deps: Pick<OperationDependencies, 'store' | 'clock' | 'startupTimeoutMs'>,
  release: Release,
  scope: StepScope,
): Promise<void> {
  const startedAt = deps.clock.now();
  const expected = release.applications.filter(({ type }) => servingOf(type) === 'process');
  await becomeHealthy(deps, release, expected, scope);
  const seconds = ((deps.clock.now() - startedAt) / 1000).toFixed(1);
  scope.report(
    'Information',
    'Applications started',
    `${expected.map(({ name }) => name).join(', ') || 'Files only'}: healthy after ${seconds} s.`,
  );
}

async function becomeHealthy(
  { store, startupTimeoutMs }: Pick<OperationDependencies, 'store' | 'startupTimeoutMs'>,
  release: Release,
  expected: Release['applications'],
  { signal }: Pick<StepScope, 'signal'>,
): Promise<void> {
  const timeoutMs = startupTimeoutMs + noticeMs;
  const healthy = await waitFor(store, { signal, timeoutMs }, async () => {
    const instances = await store.runtime.instances({ releaseId: release.id });
    refuseEnded(instances);
    return expected.every(({ name }) => isHealthy(instances, name)) ? true : undefined;
  });
  if (healthy === undefined) {
    throw new RuntimeFailure(
      'The applications did not start in time: the data plane reported nothing.',
      {
        nextStep: 'Look at the log of the data plane, then redeploy.',
      },
    );
  }
}

/** @throws RuntimeFailure where an instance has ended by itself, whether or not it runs again by now */
export function refuseEnded(instances: readonly InstanceRecord[]): void {
  const ended = instances.find(({ state, restarts }) => state === 'failed' || restarts > 0);
  if (ended === undefined) return;
  const why = ended.message ?? 'It ended soon after its start; its log says why.';
  throw new RuntimeFailure(`Application "${ended.applicationName}" did not start. ${why}`);
}

/** All of it that was started, one or several. */
function isHealthy(instances: readonly InstanceRecord[], name: string): boolean {
  const own = instances.filter(({ applicationName }) => applicationName === name);
  return own.length > 0 && own.every(({ state }) => state === 'healthy');
}
