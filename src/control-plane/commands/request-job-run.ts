import { applicationNamed } from '../../core/configuration.ts';
import type { Deployment } from '../../core/deployment.ts';
import { reject } from '../../core/errors.ts';
import { type JobRun, whyNotRunnable } from '../../core/job-run.ts';
import type { CommandDependencies } from './dependencies.ts';
import type { Identity } from './identity.ts';

/**
 * Asks for a run of a job, besides its schedule: a row in the store, which the data plane that runs the job takes.
 * @throws Rejection `DeploymentApplicationDoesNotExist`, `DeploymentJobNotRunnable`
 */
export async function requestJobRun(
  { store, clock, newId }: Pick<CommandDependencies, 'store' | 'clock' | 'newId'>,
  { clientId }: Identity,
  deployment: Deployment,
  applicationName: string,
): Promise<JobRun> {
  const { id: deploymentId, projectKey } = deployment;
  const application = deployment.applications.find(({ name }) => name === applicationName);
  if (application === undefined)
    reject('DeploymentApplicationDoesNotExist', { name: applicationName });
  const type = applicationNamed(deployment.connector.spec, applicationName)?.type;
  const waiting = await store.jobRuns.query(projectKey, {
    ...{ deploymentId, applicationName },
    states: ['requested'],
    limit: 0,
    offset: 0,
  });
  const reason = whyNotRunnable({
    type,
    isDeployed: application?.deployed === true,
    isUndeploying: deployment.status === 'Undeploying',
    waiting: waiting.total,
  });
  if (reason !== undefined)
    reject('DeploymentJobNotRunnable', { application: applicationName, reason });
  const run: JobRun = {
    id: newId(),
    ...{ projectKey, deploymentId, applicationName },
    trigger: 'request',
    state: 'requested',
    scheduledFor: clock.now(),
    requestedBy: clientId,
  };
  await store.commit([{ kind: 'request-job-run', run }]);
  return run;
}
