import { statSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { type CommonFolder, openCommonFolder } from './common-folder.ts';
import { confine, sandboxChain } from './confine.ts';
import { guardEnvironment, nameJob, variablesFor } from './guarded-environment.ts';
import type { Host } from './host.ts';
import { keepLimits } from './keep-limits.ts';
import { networkDescriptors } from './private-network.ts';
import { limitsForShell } from './resource-limits.ts';
import type { GroupLeader, Job, Started } from './sandbox.ts';
import type { SpareNetwork, SpareNetworks } from './spare-networks.ts';
import { spawnGroup } from './spawn-group.ts';

/** In a network that is there already, else in one that is made now. @throws RuntimeFailure where it cannot be started */
export async function start(
  host: Host,
  spares: SpareNetworks | undefined,
  job: Job,
): Promise<Started> {
  const spare = fits(job) ? spares?.take() : undefined;
  if (spare === undefined) return startAnew(host, job);
  try {
    return await startIn(spare, host, job);
  } catch {
    // Its limits could not be set. Whoever makes its own finds out why, if there is a reason.
    await spare[Symbol.asyncDispose]();
    return startAnew(host, job);
  }
}

/** bubblewrap takes 9,000 arguments in all, and three for each variable. */
const mostVariables = 2_000;
/** Of one variable or argument Linux takes 128 KiB, and of all together never less than this. */
const longest = { one: 128 * 1024, all: 1024 * 1024 };

/** What would only be found out behind the sandbox is told better by those who start it anew. */
function fits({ environment, program, directory, view }: Job): boolean {
  const variables = Object.entries(environment);
  const lengths = [...variables.map((pair) => pair.join('=')), ...program.args].map(
    (text) => Buffer.byteLength(text) + 1,
  );
  if (variables.length > mostVariables) return false;
  if (lengths.some((length) => length > longest.one)) return false;
  if (lengths.reduce((sum, length) => sum + length, 0) > longest.all) return false;
  return view.overlay !== undefined || isFolder(directory);
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

async function startAnew(host: Host, job: Job): Promise<Started> {
  await job.mayBegin?.();
  await using owned = new AsyncDisposableStack();
  const confined = owned.use(await confine(host, job));
  const { environment, descriptors, hasMonitor, exceeded } = confined;
  // In an overlay it comes to be only later, and then the sandbox goes there.
  const directory = job.view.overlay === undefined ? job.directory : '/';
  const leader = await spawnGroup(confined.program, { directory, environment, descriptors });
  const common = confined
    .watch(leader)
    .then((isUp) => (isUp ? openCommon(host, job, leader) : undefined));
  owned.defer(async () => (await common)?.[Symbol.dispose]());
  const kept = owned.move();
  return {
    ...{ leader, hasMonitor, exceeded },
    begun: Promise.resolve(),
    common: common.then((folder) => folder?.path),
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
  const { leader, cgroup, common, leave } = spare;
  cgroup?.limit(job.limits);
  // It is alone yet: all that it becomes waits for others as it does.
  if (job.limits.niceness > 0) makeNice(leader.pid, job.limits.niceness);
  const limits = keepLimits(host, job, {
    ...{ cgroup, joinsItself: true },
    openWay: () => spare.wayOut,
  });
  void limits.watch(leader);
  const { rest } = guardEnvironment(job.environment);
  // What sets the rest would be started before leave is given.
  const waiting = rest === undefined ? job.waiting : undefined;
  const started = { ...job, ...waiting };
  const behind = variablesFor(guardEnvironment(started.environment).environment);
  const settings = limitsForShell(host, job.limits);
  const waitsAt = waiting === undefined ? networkDescriptors.go : undefined;
  const told = { rest, behind, waitsAt, hasLimits: settings !== undefined };
  const named = nameJob(job.mark) + (settings ?? '');
  spare.become({ chain: sandboxChain(host, started, told), settings: named, rest, behind });
  const begun = (job.mayBegin?.() ?? Promise.resolve()).then(leave.give);
  begun.catch(() => undefined);
  return {
    ...{ leader, begun, hasMonitor: true, common: Promise.resolve(common.path) },
    exceeded: limits.exceeded,
    async [Symbol.asyncDispose]() {
      leave[Symbol.dispose]();
      common[Symbol.dispose]();
      await limits[Symbol.asyncDispose]();
    },
  };
}

/** As `nice` does it: on top of Berth's own. */
function makeNice(pid: number, niceness: number): void {
  try {
    setPriority(pid, Math.min(19, getPriority() + niceness));
  } catch {
    // It has ended, which whoever follows it sees.
  }
}
