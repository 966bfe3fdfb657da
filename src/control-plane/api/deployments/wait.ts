import type { Deployment } from '../../../core/deployment.ts';
import { isBusy } from '../../../core/deployment-status.ts';
import type { WaitHeaders } from '../../../wire/preferences.ts';
import type { AnswerHeaders, ApiDependencies } from '../route.ts';
import { waitWhileBusy } from '../wait-while-busy.ts';

/** After a write, for a client that prefers to wait: as it is then, and whether it is still there. */
export async function waitForDeployment(
  deps: Pick<ApiDependencies, 'store' | 'clock' | 'waitSlots'>,
  request: { readonly headers: WaitHeaders; readonly signal: () => AbortSignal },
  written: Deployment,
): Promise<{
  readonly deployment: Deployment;
  readonly isGone: boolean;
  readonly headers: AnswerHeaders;
}> {
  const { projectKey, id } = written;
  const { record, headers } = await waitWhileBusy<Deployment | undefined>(deps, {
    ...request,
    found: written,
    isBusy: (deployment) => deployment !== undefined && isBusy(deployment.status),
    read: () => deps.store.deployments.get(projectKey, { id }),
  });
  return { deployment: record ?? written, isGone: record === undefined, headers };
}
