import { execa } from 'execa';
import { RuntimeFailure } from '../../core/failure.ts';
import { addTree } from './add-tree.ts';
import { bubblewrapArguments } from './bubblewrap.ts';
import type { Cgroup } from './cgroups.ts';
import { joinDoors, survivesShell } from './chain.ts';
import { guardEnvironment, setRest } from './guarded-environment.ts';
import { dropTo, examineHost, type Host } from './host.ts';
import { resourceLimits } from './resource-limits.ts';
import type { Confined, Job, Sandbox, SandboxReport } from './sandbox.ts';
import { memoryReason, startWatchdog, type Watchdog } from './watchdog.ts';

export interface SandboxOptions {
  /** Takes the few files a sandbox needs. */
  readonly directory: string;
  /** auto: bubblewrap where it works. required: fails where it does not. off: limits only. */
  readonly mode: 'auto' | 'required' | 'off';
}

/** @throws RuntimeFailure where separation is required and this machine has none */
export async function openSandbox({ directory, mode }: SandboxOptions): Promise<Sandbox> {
  const host = await examineHost(directory, mode !== 'off');
  if (mode === 'required' && host.bubblewrap === undefined) {
    throw new RuntimeFailure(
      `Applications cannot be separated from this machine (BERTH_SANDBOX=required): ${host.withoutBubblewrap}.`,
      {
        nextStep:
          'Install it, for example with `apt-get install bubblewrap`, and allow user namespaces.',
      },
    );
  }
  await host.cgroups?.sweep();
  return {
    separation: host.bubblewrap === undefined ? 'none' : 'bubblewrap',
    report: describeHost(host),
    confine: (job) => confine(host, job),
    handOver: (...folders) => handOver(host, folders),
    sweep: async () => host.cgroups?.sweep(),
  };
}

async function confine(host: Host, job: Job): Promise<Confined> {
  const cgroup = await host.cgroups?.make(job.limits);
  const { bubblewrap } = host;
  const { environment, rest } =
    bubblewrap === undefined
      ? { environment: job.environment, rest: undefined }
      : guardEnvironment(job.environment);
  const joinsItself = survivesShell(environment);
  const [file = job.program.file, ...args] = [
    ...(host.nice === undefined || job.limits.niceness === 0
      ? []
      : [host.nice, '-n', String(job.limits.niceness)]),
    ...joinDoors(joinsItself ? (cgroup?.doors ?? []) : []),
    ...(bubblewrap === undefined ? [] : separate(bubblewrap, job)),
    ...resourceLimits(host, job.limits),
    ...(bubblewrap === undefined ? [] : forgetFolder(host, job)),
    ...(rest === undefined ? [] : setRest),
    job.program.file,
    ...job.program.args,
  ];
  return {
    program: { file, args },
    environment,
    ...(rest === undefined ? {} : { input: rest }),
    hasMonitor: bubblewrap !== undefined,
    ...keepLimits(host, job, { cgroup, joinsItself }),
  };
}

function separate(
  { file, system, drop }: NonNullable<Host['bubblewrap']>,
  { view, directory, limits, endsWithParent = false }: Job,
): readonly string[] {
  const { scratchMb } = limits;
  const userNamespace = drop === undefined;
  return [
    file,
    ...bubblewrapArguments({ view, directory, scratchMb, system, userNamespace, endsWithParent }),
    ...(drop === undefined ? [] : dropTo(drop)),
  ];
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
  return {
    watch(pid) {
      // Before its own code runs, nearly always: it starts two or three programs first.
      if (!joinsItself && cgroup !== undefined) void addTree(cgroup, pid);
      if (!isMemoryWatched && !isDiskWatched) return;
      watchdog = startWatchdog({
        pid,
        ...(isMemoryWatched ? { memoryMb } : {}),
        ...(isDiskWatched ? { disk: { folders: view.writable, maxMb: diskMb } } : {}),
      });
    },
    async exceeded(hasFailed) {
      if (watchdog?.reason() !== undefined) return watchdog.reason();
      if (!hasFailed || cgroup === undefined) return undefined;
      if ((await cgroup.memoryKills()) > 0) return memoryReason(memoryMb);
      if ((await cgroup.refusedProcesses()) > 0) {
        return `wanted more than ${processes} processes and threads`;
      }
      return undefined;
    },
    async [Symbol.asyncDispose]() {
      await watchdog?.stop();
      await cgroup?.remove();
    },
  };
}

/** Links are handed over themselves, never what they lead to. */
async function handOver({ bubblewrap }: Host, folders: readonly string[]): Promise<void> {
  if (bubblewrap?.drop === undefined || folders.length === 0) return;
  const { uid, gid } = bubblewrap.drop.identity;
  await execa('chown', ['-R', '-h', '-P', `${uid}:${gid}`, '--', ...folders]);
}

function describeHost(host: Host): SandboxReport {
  const controllers = host.cgroups?.controllers ?? new Set<string>();
  const { bubblewrap } = host;
  return {
    separation:
      bubblewrap === undefined ? `none: ${host.withoutBubblewrap}` : describeUser(bubblewrap),
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

function describeUser({ drop }: NonNullable<Host['bubblewrap']>): string {
  return drop === undefined
    ? 'bubblewrap, in a user namespace'
    : `bubblewrap, as user ${drop.identity.uid}`;
}
