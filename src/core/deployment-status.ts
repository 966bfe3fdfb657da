import { apiError, Rejection } from './errors.ts';

/** Contract §2.1. There is no "Undeployed": the resource is gone. */
export const deploymentStatuses = [
  'Draft',
  'Queued',
  'Deploying',
  'Deployed',
  'Failed',
  'Undeploying',
  'UndeployFailed',
] as const;
export type DeploymentStatus = (typeof deploymentStatuses)[number];

/** Everything that moves a Deployment. */
export type DeploymentEvent =
  | 'redeploy'
  | 'start'
  | 'succeed'
  | 'fail'
  | 'undeploy'
  | 'undeploy-fail';

/** Contract §2.2 as data. What is not listed is not possible. */
const transitions: Record<DeploymentStatus, Partial<Record<DeploymentEvent, DeploymentStatus>>> = {
  Draft: { redeploy: 'Deploying', undeploy: 'Undeploying' },
  Queued: { start: 'Deploying', fail: 'Failed' },
  Deploying: { start: 'Deploying', succeed: 'Deployed', fail: 'Failed' },
  Deployed: { redeploy: 'Deploying', undeploy: 'Undeploying' },
  Failed: { redeploy: 'Deploying', undeploy: 'Undeploying' },
  Undeploying: { 'undeploy-fail': 'UndeployFailed' },
  UndeployFailed: { redeploy: 'Deploying', undeploy: 'Undeploying' },
};

const busy: Partial<Record<DeploymentStatus, 'queued' | 'deploying' | 'undeploying'>> = {
  Queued: 'queued',
  Deploying: 'deploying',
  Undeploying: 'undeploying',
};

/** Something is under way, and the status will change by itself. */
export function isBusy(status: DeploymentStatus): boolean {
  return busy[status] !== undefined;
}

/** @throws Rejection `DeploymentInvalidStatusTransition` while the Deployment is busy */
export function nextStatus(from: DeploymentStatus, event: DeploymentEvent): DeploymentStatus {
  const to = transitions[from][event];
  if (to !== undefined) return to;
  const state = busy[from];
  if (state !== undefined) {
    throw new Rejection(apiError('DeploymentInvalidStatusTransition', { state }));
  }
  throw new Error(`A Deployment in status ${from} cannot ${event}`);
}
