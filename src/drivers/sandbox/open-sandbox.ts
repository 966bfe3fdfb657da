import { execa } from 'execa';
import { RuntimeFailure } from '../../core/failure.ts';
import { addTree } from './add-tree.ts';
import type { Cgroup } from './cgroups.ts';
import { joinDoors } from './chain.ts';
import { giveTo } from './give-to.ts';
import { guardEnvironment, partForShell, setRest, survivesShell } from './guarded-environment.ts';
import { examineHost, type Host } from './host.ts';
import type { Reach } from './network-rules.ts';
import { enterOverlay } from './overlay.ts';
import { openWayOut, type WayOut } from './private-network.ts';
import { resourceLimits } from './resource-limits.ts';
import type { Confined, Descriptor, Job, Sandbox, SandboxReport } from './sandbox.ts';
import { separationChain } from './separation-chain.ts';
import { killGroup, memoryReason, startWatchdog, type Watchdog } from './watchdog.ts';

export interface SandboxOptions {
  /** Takes the few files a sandbox needs. */
  readonly directory: string;
  /** auto: bubblewrap where it works. required: fails where it does not. off: limits only. */
  readonly mode: 'auto' | 'required' | 'off';
  /** auto: a network of its own for each job where that works. private: fails where it does not. shared: this machine's. */
  readonly network?: 'auto' | 'private' | 'shared';
  /** Why it is shared, where nobody chose that. */
  readonly sharedBecause?: string;
  /** What jobs may reach from there, beside the rest of the world, and what not. */
  readonly reach?: Partial<Reach>;
}

const nothingMore: Reach = { hostPorts: [], refusedNetworks: [] };

/** @throws RuntimeFailure where separation is required and this machine has none */
export async function openSandbox({
  directory,
  mode,
  network = 'shared',
  sharedBecause = 'BERTH_NETWORK is shared',
  reach,
}: SandboxOptions): Promise<Sandbox> {
  const host = await examineHost(directory, {
    separation: mode !== 'off',
    network:
      network === 'shared' ? { without: sharedBecause } : { reach: { ...nothingMore, ...reach } },
  });
  if (mode === 'required' && host.bubblewrap === undefined) {
    throw new RuntimeFailure(
      `Applications cannot be separated from this machine (BERTH_SANDBOX=required): ${host.withoutBubblewrap}.`,
      {
        nextStep:
          'Install it, for example with `apt-get install bubblewrap`, and allow user namespaces.',
      },
    );
  }
  if (network === 'private' && host.network === undefined) {
    throw new RuntimeFailure(
      `Applications cannot have networks of their own on this machine (BERTH_NETWORK=private): ${host.withoutNetwork}.`,
      {
        nextStep:
          'Install what it takes, for example with `apt-get install bubblewrap slirp4netns iproute2`, and let Berth use /dev/net/tun.',
      },
    );
  }
  await host.cgroups?.sweep();
  return {
    separation: host.bubblewrap === undefined ? 'none' : 'bubblewrap',
    network: host.network === undefined ? 'shared' : 'private',
    canOverlay: host.overlays !== undefined,
    report: describeHost(host),
    confine: (job) => confine(host, job),
    handOver: (...folders) => handOver(host, folders),
    handOverNew: (folder) => handOverNew(host, folder),
    sweep: async () => host.cgroups?.sweep(),
  };
}

async function confine(host: Host, job: Job): Promise<Confined> {
  const cgroup = await host.cgroups?.make(job.limits);
  const { bubblewrap } = host;
  const { environment, rest, behind } = partEnvironment(host, job.environment);
  const joinsItself = survivesShell(environment);
  const [file = job.program.file, ...args] = [
    ...(host.nice === undefined || job.limits.niceness === 0
      ? []
      : [host.nice, '-n', String(job.limits.niceness)]),
    ...joinDoors(joinsItself ? (cgroup?.doors ?? []) : []),
    ...(bubblewrap === undefined
      ? []
      : [
          ...(host.overlays === undefined || job.view.overlay === undefined
            ? []
            : enterOverlay(host.overlays, job.view.overlay)),
          ...separate(bubblewrap, host.network, { ...job, hasVariables: behind !== undefined }),
        ]),
    ...resourceLimits(host, job.limits),
    ...(bubblewrap === undefined ? [] : forgetFolder(host, job)),
    ...(rest === undefined ? [] : setRest),
    job.program.file,
    ...job.program.args,
  ];
  return {
    program: { file, args },
    environment,
    descriptors: descriptorsOf(host, { rest, behind }),
    hasMonitor: bubblewrap !== undefined,
    ...keepLimits(host, job, { cgroup, joinsItself }),
  };
}

function separate(
  bubblewrap: NonNullable<Host['bubblewrap']>,
  network: Host['network'],
  {
    view,
    directory,
    limits,
    endsWithParent = false,
    hasVariables,
  }: Job & { readonly hasVariables: boolean },
): readonly string[] {
  const { scratchMb } = limits;
  const separated = { view, directory, scratchMb, endsWithParent, hasVariables };
  return separationChain(bubblewrap, network, separated);
}

/** What comes to the job through descriptors. */
interface Parts {
  readonly rest?: string | undefined;
  readonly behind?: string | undefined;
}

function partEnvironment(
  { bubblewrap, network }: Host,
  given: Job['environment'],
): Pick<Confined, 'environment'> & Parts {
  if (bubblewrap === undefined) return { environment: given };
  const { environment, rest } = guardEnvironment(given);
  return network === undefined ? { environment, rest } : { ...partForShell(environment), rest };
}

/** From 3 on: variables, and the two of a network, and variables again. */
function descriptorsOf({ network }: Host, { rest, behind }: Parts): readonly Descriptor[] {
  const [first, last] = [rest, behind].map((text) => (text === undefined ? [] : [{ text }]));
  if (network === undefined) return first ?? [];
  return [first?.[0] ?? 'ignore', 'pipe', 'pipe', ...(last ?? [])];
}

/** bubblewrap sets PWD, which nobody has asked for. */
function forgetFolder({ env }: Host, { environment }: Job): readonly string[] {
  return env === undefined || 'PWD' in environment ? [] : [env, '-u', 'PWD'];
}

function keepLimits(
  host: Host,
  { limits, view }: Job,
  { cgroup, joinsItself }: { readonly cgroup: Cgroup | undefined; readonly joinsItself: boolean },
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
    watch(spawned) {
      const { pid } = spawned;
      if (host.network !== undefined) {
        wayOut = openWayOut(host.network, spawned);
        void wayOut.failed.then((words) => {
          lostNetwork = `lost its network (${words})`;
          killGroup(pid);
        });
      }
      // Before its own code runs, nearly always: it starts two or three programs first.
      if (!joinsItself && cgroup !== undefined) void addTree(cgroup, pid);
      if (!isMemoryWatched && !isDiskWatched) return;
      watchdog = startWatchdog({
        pid,
        ...(isMemoryWatched ? { memoryMb } : {}),
        ...(isDiskWatched ? { disk: { folders: changedBy(view), maxMb: diskMb } } : {}),
      });
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

/** Links are handed over themselves, never what they lead to. */
async function handOver({ bubblewrap }: Host, folders: readonly string[]): Promise<void> {
  if (bubblewrap?.setpriv === undefined || folders.length === 0) return;
  const { uid, gid } = bubblewrap.identity;
  await execa('chown', ['-R', '-h', '-P', `${uid}:${gid}`, '--', ...folders]);
}

async function handOverNew(host: Host, folder: string): Promise<void> {
  const { bubblewrap } = host;
  if (bubblewrap?.setpriv === undefined) return;
  if (!(await giveTo(bubblewrap.identity, folder))) await handOver(host, [folder]);
}

function describeHost(host: Host): SandboxReport {
  const controllers = host.cgroups?.controllers ?? new Set<string>();
  const { bubblewrap } = host;
  return {
    separation:
      bubblewrap === undefined ? `none: ${host.withoutBubblewrap}` : describeUser(bubblewrap),
    network:
      host.network === undefined
        ? `this machine’s: ${host.withoutNetwork}`
        : 'one for each instance, script and build, with slirp4netns',
    memory: controllers.has('memory')
      ? 'control groups, all processes together'
      : host.prlimit === undefined
        ? process.platform === 'linux'
          ? 'looked at twice a second'
          : 'none, beside the heap of Node'
        : 'of each process, and all together looked at twice a second',
    processes: controllers.has('pids')
      ? 'control groups'
      : bubblewrap !== undefined && host.prlimit !== undefined
        ? 'of the user'
        : 'none',
    cpu: controllers.has('cpu')
      ? 'control groups'
      : host.nice === undefined
        ? 'none'
        : 'priorities only',
  };
}

function describeUser({ setpriv, identity }: NonNullable<Host['bubblewrap']>): string {
  return setpriv === undefined
    ? 'bubblewrap, in a user namespace'
    : `bubblewrap, as user ${identity.uid}`;
}
