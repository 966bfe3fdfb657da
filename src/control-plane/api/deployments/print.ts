import type { Deployment } from '../../../core/deployment.ts';
import type { StepEntry } from '../../../core/operation.ts';
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

/** The same object again where it is printed of the same records. */
export async function printOne({ store, secretMask }: Dependencies, deployment: Deployment) {
  const entries = await store.reports.entries([deployment.buildId]);
  const before = printed.get(deployment);
  if (before?.entries === entries && before.secretMask === secretMask) return before.body;
  const body = printDeployment(deployment, entries, secretMask);
  printed.set(deployment, { entries, secretMask, body });
  return body;
}

/** Records that are remembered come again and again. */
const printed = new WeakMap<
  Deployment,
  {
    readonly entries: readonly StepEntry[];
    readonly secretMask: ApiDependencies['secretMask'];
    readonly body: ReturnType<typeof printDeployment>;
  }
>();
