import { reject } from '../../../../core/errors.ts';
import type { JobRun } from '../../../../core/job-run.ts';
import type { Ref, Store } from '../../../../ports/store.ts';
import { readDeployment } from '../../read-or-reject.ts';

/** @throws Rejection `ResourceNotFound`; a run of another Deployment does not exist here */
export async function readJobRun(
  store: Store,
  projectKey: string,
  { ref, runId: id }: { readonly ref: Ref; readonly runId: string },
): Promise<JobRun> {
  const deployment = await readDeployment(store, projectKey, ref);
  const run = await store.jobRuns.get(projectKey, id);
  return run?.deploymentId === deployment.id
    ? run
    : reject('ResourceNotFound', { resource: 'JobRun', id });
}
