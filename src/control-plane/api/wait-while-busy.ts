import type { WaitHeaders } from '../../wire/preferences.ts';
import { waitFor } from '../waiting/wait-for.ts';
import { holdMs, isOfficialCli, isPoll } from './official-cli.ts';
import type { AnswerHeaders, ApiDependencies } from './route.ts';

interface Waiting<T> {
  readonly headers: WaitHeaders;
  readonly signal: () => AbortSignal;
  /** As it is now. */
  readonly found: T;
  readonly isBusy: (record: T) => boolean;
  readonly read: () => Promise<T>;
  /** How the official CLI follows it, where it does. */
  readonly cli?: { readonly writtenAt: number; readonly pauseMs: number };
}

const pollMs = 2_000;

/**
 * The record when it is no longer busy, or as it is when the time is up that the client prefers to wait (RFC 7240), the
 * client is gone, the server stops, or too many wait already. What `read` throws ends the waiting.
 */
export async function waitWhileBusy<T>(
  deps: Pick<ApiDependencies, 'store' | 'clock' | 'waitSlots'>,
  { headers, signal: makeSignal, found, isBusy, read, cli }: Waiting<T>,
): Promise<{ readonly record: T; readonly headers: AnswerHeaders }> {
  const seconds = headers.prefer;
  const applied: AnswerHeaders =
    seconds === undefined ? {} : { 'preference-applied': `wait=${seconds}` };
  const timeoutMs = seconds === undefined ? holdFor(deps, headers, cli) : seconds * 1000;
  if (timeoutMs === 0 || !isBusy(found)) return { record: found, headers: applied };
  using slot = deps.waitSlots.take();
  if (slot === undefined) return { record: found, headers: {} };

  const signal = makeSignal();
  let latest = found;
  const readAgain = async (): Promise<true | undefined> => {
    latest = await read();
    return isBusy(latest) ? undefined : true;
  };
  try {
    await waitFor(deps.store, { signal, timeoutMs, pollMs }, readAgain);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return { record: latest, headers: applied };
}

function holdFor(
  { clock }: Pick<ApiDependencies, 'clock'>,
  headers: WaitHeaders,
  cli: Waiting<unknown>['cli'],
): number {
  if (cli === undefined || !isOfficialCli(headers['x-correlation-id'])) return 0;
  return isPoll(clock.now() - cli.writtenAt, cli.pauseMs) ? holdMs : 0;
}
