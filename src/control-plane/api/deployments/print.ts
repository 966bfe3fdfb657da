import type { Deployment } from '../../../core/deployment.ts';
import { printDeployment } from '../../../wire/deployment.ts';
import type { ApiDependencies } from '../route.ts';

type Dependencies = Pick<ApiDependencies, 'store' | 'secretMask'>;

/** Reports are kept apart from the records they belong to; one read fetches all of them. */
export async function printDeployments(
  { store, secretMask }: Dependencies,
  deployments: readonly Deployment[],
) {
  const entries = await store.reports.entries(deployments.map(({ buildId }) => buildId));
  const byReport = Map.groupBy(entries, ({ reportId }) => reportId);
  return deployments.map((deployment) =>
    printDeployment(deployment, byReport.get(deployment.buildId) ?? [], secretMask),
  );
}

export async function printOne({ store, secretMask }: Dependencies, deployment: Deployment) {
  const entries = await store.reports.entries([deployment.buildId]);
  return printDeployment(deployment, entries, secretMask);
}
