import type { Host } from './host.ts';
import type { Limits } from './sandbox.ts';

/** All jobs of a Berth that is root run as one user, whose processes are counted together. */
const processesOfUser = 8192;
/** What V8 reserves and does not use counts as data, too. The watchdog looks at what is used. */
const reservedMb = 512;

/** Sets the limits that each process has for itself, then becomes the program that follows. */
export function resourceLimits(
  { prlimit, ceilings, cgroups, bubblewrap }: Host,
  limits: Limits,
): readonly string[] {
  if (prlimit === undefined) return [];
  const has = (controller: string) => cgroups?.controllers.has(controller) ?? false;
  const processes = bubblewrap?.setpriv === undefined ? limits.processes : processesOfUser;
  const values = {
    nofile: limits.openFiles,
    fsize: limits.fileMb * 1024 ** 2,
    // Outside of a sandbox it would count everything that Berth's own user runs.
    ...(has('pids') || bubblewrap === undefined ? {} : { nproc: processes }),
    ...(has('memory') ? {} : { data: (limits.memoryMb + reservedMb) * 1024 ** 2 }),
    core: 0,
  };
  const options = Object.entries(values).map(([name, value]) => {
    const most = Math.min(value, ceilings.get(name) ?? value);
    return `--${name}=${most}:${most}`;
  });
  return [prlimit, ...options, '--'];
}
