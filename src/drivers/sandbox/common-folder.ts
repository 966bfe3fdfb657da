import { closeSync, constants, openSync } from 'node:fs';

/**
 * A folder of a job that Berth sees, too. It is in memory and tiny, in the mount namespace of the job's own: what is written there
 * fills no disk, and with the job's last process nothing is left to be removed.
 */
export interface CommonFolder extends Disposable {
  /** As Berth sees it, for as long as this is not disposed of. */
  readonly path: string;
}

/** Of Linux, and missing in `node:fs`: only to name a place. */
const pathOnly = 0o10_000_000;

/** Of a process in whose mount namespace it is at `mounted`. Held open: an id comes round again, this folder does not. */
export function openCommonFolder(mounted: string, pid: number): CommonFolder {
  const fd = openSync(`/proc/${pid}/root${mounted}`, pathOnly | constants.O_DIRECTORY);
  return {
    path: `/proc/self/fd/${fd}`,
    [Symbol.dispose]: () => closeSync(fd),
  };
}
