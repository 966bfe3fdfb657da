import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import type { HealthCheck } from '../../core/connector-spec.ts';
import type { LocalAddress } from '../../core/local-address.ts';
import { isHealthy, isListening } from './probe.ts';
import { type FolderWatch, watchFolder } from './watch-folder.ts';

const firstProbeMs = 5;
/** As long as nobody listens at its socket, which takes next to nothing to see. */
const firstLookMs = 2;
const slowProbeMs = 50;
/** A socket is there some microseconds before its owner listens, and until then it refuses. */
const mostRefusals = 32;
/** The first second is looked at closely: most applications are up within it. */
const closeLookMs = 1000;

/** Resolves true once the application listens and, where it has a health check, passes it; false after the time. */
export async function awaitListening(
  address: LocalAddress,
  healthCheck: HealthCheck | undefined,
  { signal, timeoutMs }: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<boolean> {
  using opened = new DisposableStack();
  let folder: FolderWatch | undefined;
  let refusals = 0;
  const startedAt = performance.now();
  while (!signal.aborted && performance.now() - startedAt < timeoutMs) {
    folder ??= opened.use(watchPlace(address));
    // From before the look on, so that nothing comes between.
    const changed = folder?.next();
    const isThere = hasPlace(address);
    const listens = isThere && (await isListening(address));
    if (listens && (healthCheck === undefined || (await isHealthy(address, healthCheck)))) {
      return true;
    }
    if (folder !== undefined && isThere && !listens && refusals < mostRefusals) {
      refusals += 1;
      await nextTurn();
      continue;
    }
    const close = performance.now() - startedAt < closeLookMs;
    const isQuick = 'socketPath' in address && !listens;
    const pauseMs = !close ? slowProbeMs : isQuick ? firstLookMs : firstProbeMs;
    const pause = wait(pauseMs, undefined, { signal }).catch(() => {});
    await (isQuick && changed !== undefined ? Promise.race([changed, pause]) : pause);
  }
  return false;
}

function hasPlace(address: LocalAddress): boolean {
  return !('socketPath' in address) || existsSync(address.socketPath);
}

function watchPlace(address: LocalAddress): FolderWatch | undefined {
  return 'socketPath' in address ? watchFolder(dirname(address.socketPath)) : undefined;
}
