import { stat } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { type CommonFolder, openCommonFolder } from './common-folder.ts';
import { confine, sandboxChain } from './confine.ts';
import { guardEnvironment, variablesFor } from './guarded-environment.ts';
import type { Host } from './host.ts';
import { keepLimits } from './keep-limits.ts';
import type { GroupLeader, Job, Started } from './sandbox.ts';
import type { SpareNetwork, SpareNetworks } from './spare-networks.ts';
import { spawnGroup } from './spawn-group.ts';

/** In a network that is there already, else in one that is made now. @throws RuntimeFailure where it cannot be started */
export async function start(
  host: Host,
  spares: SpareNetworks | undefined,
  job: Job,
): Promise<Started> {
  const spare = (await fits(job)) ? spares?.take() : undefined;
  return spare === undefined ? startAnew(host, job) : startIn(spare, host, job);
}

/** bubblewrap takes 9,000 arguments in all, and three for each variable. */
const mostVariables = 2_000;

/** What would only be found out behind the sandbox is told better by those who start it anew. */
async function fits({ environment, directory, view }: Job): Promise<boolean> {
  if (Object.keys(environment).length > mostVariables) return false;
  return view.overlay !== undefined || (await isFolder(directory));
}

async function isFolder(path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined);
  return stats?.isDirectory() ?? false;
}

async function startAnew(host: Host, job: Job): Promise<Started> {
  await using owned = new AsyncDisposableStack();
  const confined = owned.use(await confine(host, job));
  const { environment, descriptors, hasMonitor, exceeded } = confined;
  // In an overlay it comes to be only later, and then the sandbox goes there.
  const directory = job.view.overlay === undefined ? job.directory : '/';
  const leader = await spawnGroup(confined.program, { directory, environment, descriptors });
  const isUp = await confined.watch(leader);
  const common = isUp ? openCommon(host, job, leader) : undefined;
  if (common !== undefined) owned.use(common);
  const kept = owned.move();
  return {
    ...{ leader, hasMonitor, exceeded },
    ...(common === undefined ? {} : { common: common.path }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Undefined where it has none, or where it has ended. */
function openCommon(
  { network }: Host,
  { view }: Job,
  { pid }: GroupLeader,
): CommonFolder | undefined {
  if (network === undefined || view.common === undefined) return undefined;
  try {
    return openCommonFolder(network.common, pid);
  } catch {
    return undefined;
  }
}

async function startIn(spare: SpareNetwork, host: Host, job: Job): Promise<Started> {
  const { leader, cgroup, common } = spare;
  await cgroup?.limit(job.limits);
  // It is alone yet: all that it becomes waits for others as it does.
  if (job.limits.niceness > 0) makeNice(leader.pid, job.limits.niceness);
  const limits = keepLimits(host, job, {
    ...{ cgroup, joinsItself: true },
    openWay: () => spare.wayOut,
  });
  void limits.watch(leader);
  const { environment, rest } = guardEnvironment(job.environment);
  const behind = variablesFor(environment);
  spare.become({ chain: sandboxChain(host, job, { rest, behind }), rest, behind });
  return {
    ...{ leader, hasMonitor: true, common: common.path },
    exceeded: limits.exceeded,
    async [Symbol.asyncDispose]() {
      common[Symbol.dispose]();
      await limits[Symbol.asyncDispose]();
    },
  };
}

function makeNice(pid: number, niceness: number): void {
  try {
    setPriority(pid, niceness);
  } catch {
    // It has ended, which whoever follows it sees.
  }
}
