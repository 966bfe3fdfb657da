import { existsSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { HealthCheck } from '../../core/connector-spec.ts';
import type { LocalAddress } from '../../core/local-address.ts';
import { isHealthy, isListening } from './probe.ts';

const firstProbeMs = 5;
/** As long as its socket is not there, which takes next to nothing to see. */
const firstLookMs = 2;
const slowProbeMs = 50;
/** The first second is looked at closely: most applications are up within it. */
const closeLookMs = 1000;

/** Resolves true once the application listens and, where it has a health check, passes it; false after the time. */
export async function awaitListening(
  address: LocalAddress,
  healthCheck: HealthCheck | undefined,
  { signal, timeoutMs }: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<boolean> {
  const startedAt = performance.now();
  while (!signal.aborted && performance.now() - startedAt < timeoutMs) {
    const couldListen = hasPlace(address);
    if (
      couldListen &&
      (await isListening(address)) &&
      (healthCheck === undefined || (await isHealthy(address, healthCheck)))
    ) {
      return true;
    }
    const close = performance.now() - startedAt < closeLookMs;
    const pauseMs = !close ? slowProbeMs : couldListen ? firstProbeMs : firstLookMs;
    await wait(pauseMs, undefined, { signal }).catch(() => {});
  }
  return false;
}

function hasPlace(address: LocalAddress): boolean {
  return !('socketPath' in address) || existsSync(address.socketPath);
}
