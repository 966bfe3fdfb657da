import type { ConnectorStaged } from '../../../core/connector.ts';
import { isStagedBusy } from '../../../core/connector-staged.ts';
import type { WaitHeaders } from '../../../wire/preferences.ts';
import type { ApiDependencies } from '../route.ts';
import { waitWhileBusy } from '../wait-while-busy.ts';

/** The official CLI waits 30 s between its looks at a publish, and a minute between those at a preview. */
const cliPauseMs = { publish: 30_000, preview: 60_000 };

/** For a client that prefers to wait, and for the official CLI's polls, which are `followed`. */
export function waitForStaged(
  deps: Pick<ApiDependencies, 'store' | 'clock' | 'waitSlots'>,
  request: { readonly headers: WaitHeaders; readonly signal: () => AbortSignal },
  {
    found,
    read,
    followed,
  }: {
    readonly found: ConnectorStaged;
    readonly read: () => Promise<ConnectorStaged>;
    readonly followed: boolean;
  },
) {
  const pauseMs = cliPauseMs[found.status === 'Processing' ? 'publish' : 'preview'];
  return waitWhileBusy(deps, {
    ...request,
    found,
    isBusy: isStagedBusy,
    read,
    ...(followed ? { cli: { writtenAt: found.lastModifiedAt, pauseMs } } : {}),
  });
}
