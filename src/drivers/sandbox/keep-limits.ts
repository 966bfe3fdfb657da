import { addTree } from './add-tree.ts';
import type { Cgroup } from './cgroups.ts';
import type { Host } from './host.ts';
import type { WayOut } from './private-network.ts';
import type { Confined, Job, Spawned } from './sandbox.ts';
import { killGroup, memoryReason, startWatchdog, type Watchdog } from './watchdog.ts';

/** What a job may use where no kernel counts it, and what it must have. */
export function keepLimits(
  host: Host,
  { limits, view }: Job,
  {
    cgroup,
    joinsItself,
    openWay,
  }: {
    readonly cgroup: Cgroup | undefined;
    readonly joinsItself: boolean;
    /** Out of its network; absent where it has none of its own. */
    readonly openWay: ((spawned: Spawned) => WayOut) | undefined;
  },
): Pick<Confined, 'watch' | 'exceeded' | typeof Symbol.asyncDispose> {
  const { memoryMb, diskMb, processes } = limits;
  const isMemoryWatched =
    process.platform === 'linux' && !(host.cgroups?.controllers.has('memory') ?? false);
  const isDiskWatched =
    diskMb !== undefined && view.writable.length > 0 && process.platform === 'linux';
  let watchdog: Watchdog | undefined;
  let wayOut: WayOut | undefined;
  let lostNetwork: string | undefined;
  return {
    async watch(spawned) {
      const { pid } = spawned;
      if (openWay !== undefined) {
        wayOut = openWay(spawned);
        void wayOut.failed.then((words) => {
          lostNetwork = `lost its network (${words})`;
          killGroup(pid);
        });
      }
      // Before its own code runs, nearly always: it starts two or three programs first.
      if (!joinsItself && cgroup !== undefined) void addTree(cgroup, pid);
      if (isMemoryWatched || isDiskWatched) {
        watchdog = startWatchdog({
          pid,
          ...(isMemoryWatched ? { memoryMb } : {}),
          ...(isDiskWatched ? { disk: { folders: changedBy(view), maxMb: diskMb } } : {}),
        });
      }
      return (await wayOut?.isUp) ?? true;
    },
    async exceeded(hasFailed) {
      if (watchdog?.reason() !== undefined) return watchdog.reason();
      if (lostNetwork !== undefined) return lostNetwork;
      if (!hasFailed || cgroup === undefined) return undefined;
      if ((await cgroup.memoryKills()) > 0) return memoryReason(memoryMb);
      if ((await cgroup.refusedProcesses()) > 0) {
        return `wanted more than ${processes} processes and threads`;
      }
      return undefined;
    },
    async [Symbol.asyncDispose]() {
      await watchdog?.stop();
      await wayOut?.[Symbol.asyncDispose]();
      await cgroup?.remove();
    },
  };
}

function changedBy({ writable, overlay }: Job['view']): readonly string[] {
  return overlay === undefined ? writable : [...writable, overlay.upper];
}
