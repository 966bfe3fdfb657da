import type { Host } from './host.ts';
import type { Limits } from './sandbox.ts';
import { settingsForShell } from './shell-limits.ts';

/** All jobs of a Berth that is root run as one user, whose processes are counted together. */
const processesOfUser = 8192;
/**
 * What V8 reserves and does not use counts as data, too: 530 MiB for each thread that runs JavaScript (Node 24). So this only bounds what is
 * taken between two looks of the watchdog, which knows what is used.
 */
const reservedMb = 530;
/** One of Node's own, and workers: loggers and pools have a few. */
const scriptThreads = 33;

/** Sets the limits that each process has for itself, then becomes the program that follows. */
export function resourceLimits(host: Host, limits: Limits): readonly string[] {
  if (host.prlimit === undefined) return [];
  const options = Object.entries(valuesOf(host, limits)).map(
    ([name, value]) => `--${name}=${value}:${value}`,
  );
  return [host.prlimit, ...options, '--'];
}

/** The same for a shell that becomes a program. Undefined where it cannot. */
export function limitsForShell(host: Host, limits: Limits): string | undefined {
  if (host.prlimit === undefined || !host.shellSetsLimits) return undefined;
  return settingsForShell(valuesOf(host, limits));
}

/** As prlimit calls them. */
function valuesOf(
  { ceilings, cgroups, bubblewrap }: Host,
  limits: Limits,
): Readonly<Record<string, number>> {
  const has = (controller: string) => cgroups?.controllers.has(controller) ?? false;
  const processes = bubblewrap?.setpriv === undefined ? limits.processes : processesOfUser;
  const values = {
    nofile: limits.openFiles,
    fsize: limits.fileMb * 1024 ** 2,
    // Outside of a sandbox it would count everything that Berth's own user runs.
    ...(has('pids') || bubblewrap === undefined ? {} : { nproc: processes }),
    ...(has('memory') ? {} : { data: (limits.memoryMb + reservedMb * scriptThreads) * 1024 ** 2 }),
    core: 0,
  };
  const most = ([name, value]: [string, number]) =>
    [name, Math.min(value, ceilings.get(name) ?? value)] as const;
  return Object.fromEntries(Object.entries(values).map(most));
}
