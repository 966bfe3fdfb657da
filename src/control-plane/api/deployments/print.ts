import type { Deployment } from '../../../core/deployment.ts';
import type { Store } from '../../../ports/store.ts';
import { printDeployment } from '../../../wire/deployment.ts';

/** Reports are kept apart from the records they belong to; one read fetches all of them. */
export async function printDeployments(store: Store, deployments: readonly Deployment[]) {
  const entries = await store.reports.entries(deployments.map(({ buildId }) => buildId));
  const byReport = Map.groupBy(entries, ({ reportId }) => reportId);
  return deployments.map((deployment) =>
    printDeployment(deployment, byReport.get(deployment.buildId) ?? []),
  );
}

export async function printOne(store: Store, deployment: Deployment) {
  return printDeployment(deployment, await store.reports.entries([deployment.buildId]));
}
