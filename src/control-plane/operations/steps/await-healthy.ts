import { servingOf } from '../../../core/application.ts';
import { RuntimeFailure } from '../../../core/failure.ts';
import type { Release } from '../../../core/release.ts';
import type { InstanceRecord } from '../../../ports/store.ts';
import type { OperationDependencies } from '../dependencies.ts';
import type { StepScope } from '../operation-run.ts';
import { waitFor } from '../wait-for.ts';

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
  const timeoutMs = deps.startupTimeoutMs + noticeMs;
  const ended = await waitFor(deps.store, { signal: scope.signal, timeoutMs }, async () => {
    const instances = await deps.store.runtime.instances({ releaseId: release.id });
    const failed = instances.find((one) => one.state === 'failed');
    if (failed !== undefined) return failed;
    return expected.every(({ name }) => isHealthy(instances, name)) ? 'healthy' : undefined;
  });
  if (ended === undefined) {
    throw new RuntimeFailure(
      'The applications did not start in time: the data plane reported nothing.',
      {
        nextStep: 'Look at the log of the data plane, then redeploy.',
      },
    );
  }
  if (ended !== 'healthy') {
    throw new RuntimeFailure(
      `Application "${ended.applicationName}" did not start. ${ended.message ?? ''}`.trimEnd(),
    );
  }
  const seconds = ((deps.clock.now() - startedAt) / 1000).toFixed(1);
  scope.report(
    'Information',
    'Applications started',
    `${expected.map(({ name }) => name).join(', ') || 'Files only'}: healthy after ${seconds} s.`,
  );
}

function isHealthy(instances: readonly InstanceRecord[], name: string): boolean {
  return instances.some((one) => one.applicationName === name && one.state === 'healthy');
}
