import { setTimeout as wait } from 'node:timers/promises';
import type { HealthCheck } from '../../core/connector-spec.ts';
import type { LocalAddress } from '../../core/local-address.ts';
import { isHealthy, isListening } from './probe.ts';

const firstProbeMs = 5;
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
    if (
      (await isListening(address)) &&
      (healthCheck === undefined || (await isHealthy(address, healthCheck)))
    ) {
      return true;
    }
    const close = performance.now() - startedAt < closeLookMs;
    await wait(close ? firstProbeMs : slowProbeMs, undefined, { signal }).catch(() => {});
  }
  return false;
}
