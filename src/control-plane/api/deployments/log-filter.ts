import type { Deployment } from '../../../core/deployment.ts';
import { reject } from '../../../core/errors.ts';

const retentionMs = 30 * 24 * 3600 * 1000;

/** @throws Rejection `DeploymentApplicationDoesNotExist`, `DeploymentLogMissingApplicationName` */
export function checkApplication(deployment: Deployment, name: string | undefined): void {
  checkApplicationName(deployment, name);
  if (name === undefined && deployment.region.endsWith('.aws')) {
    reject('DeploymentLogMissingApplicationName', {});
  }
}

/** @throws Rejection `DeploymentApplicationDoesNotExist` */
export function checkApplicationName({ applications }: Deployment, name: string | undefined): void {
  if (name === undefined || applications.some((application) => application.name === name)) return;
  reject('DeploymentApplicationDoesNotExist', { name });
}

/** @throws Rejection `DeploymentLogInvalidDate` */
export function decideWindow(
  now: number,
  query: { readonly startDate?: number; readonly endDate?: number },
): { from: number; to: number } {
  const from = query.startDate ?? now - retentionMs;
  const to = query.endDate ?? now;
  // A minute of grace: a client that computes "30 days ago" sends it a moment later.
  if (from < now - retentionMs - 60_000 || to < from) reject('DeploymentLogInvalidDate', {});
  return { from, to };
}
