import { readFile } from 'node:fs/promises';
import { execa } from 'execa';
import { findHierarchies, type Hierarchy } from './cgroup-hierarchies.ts';
import { type Cgroups, openCgroups } from './cgroups.ts';
import { joinDoors } from './chain.ts';
import { findProgram } from './find-program.ts';
import type { Reach } from './network-rules.ts';
import { type OverlayPrograms, tryOverlay } from './overlay.ts';
import type { PrivateNetwork } from './private-network.ts';
import { type Bubblewrap, separationChain } from './separation-chain.ts';
import { tryShellLimits } from './shell-limits.ts';
import { findSystemMounts, type Identity } from './system-mounts.ts';
import { tryNetwork } from './try-network.ts';

/** The programs of this machine that confine others; absent where they are not there or do not work. */
export interface Host {
  readonly nice?: string;
  readonly prlimit?: string;
  /** What it sets the shell sets, too, as far as it can. */
  readonly shellSetsLimits: boolean;
  readonly bubblewrap?: Bubblewrap;
  /** Why there is none, for people. */
  readonly withoutBubblewrap: string;
  readonly network?: PrivateNetwork;
  /** Why there is none, for people. */
  readonly withoutNetwork: string;
  readonly overlays?: OverlayPrograms;
  readonly cgroups?: Cgroups;
  /** Above these no limit can be set: `nofile`, `nproc`, `fsize`, `data`. */
  readonly ceilings: ReadonlyMap<string, number>;
}

/**
 * Who confined programs are where Berth is root: somebody who owns nothing else. At the end of what Debian and the others
 * give to accounts, where hardly anybody is.
 */
const nobodyElse: Identity = { uid: 59_990, gid: 59_990 };

const patienceMs = 20_000;

/** Private, or not and why. */
type WantedNetwork = { readonly reach: Reach } | { readonly without: string };

/** Looks once, by trying. `directory` takes the few files a sandbox needs. */
export async function examineHost(
  directory: string,
  wanted: {
    readonly separation: boolean;
    readonly network: WantedNetwork;
  },
): Promise<Host> {
  if (process.platform !== 'linux') {
    const nice = await findProgram('nice');
    return {
      ...(nice === undefined ? {} : { nice }),
      shellSetsLimits: false,
      withoutBubblewrap: 'bubblewrap is for Linux only',
      withoutNetwork: 'networks of their own are for Linux only',
      ceilings: new Map(),
    };
  }
  const [nice, prlimit, shellSetsLimits, cgroups, separation, ceilings] = await Promise.all([
    findProgram('nice'),
    findProgram('prlimit'),
    tryShellLimits(),
    tryCgroups(),
    wanted.separation
      ? tryBubblewrap(directory)
      : { withoutBubblewrap: 'BERTH_SANDBOX is off', bubblewrap: undefined },
    readCeilings(),
  ]);
  const { bubblewrap, withoutBubblewrap } = separation;
  return {
    ...(nice === undefined ? {} : { nice }),
    ...(prlimit === undefined ? {} : { prlimit }),
    shellSetsLimits,
    ...(cgroups === undefined ? {} : { cgroups }),
    withoutBubblewrap,
    ...(bubblewrap === undefined
      ? { withoutNetwork: withoutBubblewrap }
      : { bubblewrap, ...(await networkOf(directory, bubblewrap, wanted.network)) }),
    ceilings,
  };
}

async function networkOf(directory: string, bubblewrap: Bubblewrap, wanted: WantedNetwork) {
  if ('without' in wanted) return { withoutNetwork: wanted.without };
  const tried = await tryNetwork(directory, bubblewrap, wanted.reach);
  // Ordinary users could not rename folders in one. And variables with odd names get past its shell as past that of a network.
  if (tried.network === undefined || bubblewrap.setpriv === undefined) return tried;
  const overlays = await tryOverlay(directory);
  return { ...tried, ...(overlays === undefined ? {} : { overlays }) };
}

const trialJob = {
  view: { readable: [], writable: [], shared: [], scratch: [], hidden: [] },
  ...{ directory: '/', scratchMb: 1, endsWithParent: true },
};

async function tryBubblewrap(
  directory: string,
): Promise<Pick<Host, 'bubblewrap' | 'withoutBubblewrap'>> {
  const file = await findProgram('bwrap');
  if (file === undefined) return { withoutBubblewrap: 'bubblewrap is not installed' };
  const isRoot = process.getuid?.() === 0;
  const setpriv = await findProgram('setpriv');
  if (isRoot && setpriv === undefined) {
    return { withoutBubblewrap: 'setpriv, of the package util-linux, is not installed' };
  }
  const identity = isRoot
    ? nobodyElse
    : { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const system = await findSystemMounts(directory, identity);
  const bubblewrap = {
    ...{ file, system, identity },
    ...(isRoot && setpriv !== undefined ? { setpriv } : {}),
  };
  const [, ...args] = separationChain(bubblewrap, trialJob);
  const trial = await execa(file, [...args, '/bin/sh', '-c', ':'], {
    env: {},
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    timeout: patienceMs,
  });
  if (trial.exitCode === 0) return { bubblewrap, withoutBubblewrap: '' };
  const words = trial.stderr.trim().split('\n').at(-1) ?? '';
  return { withoutBubblewrap: `bubblewrap does not work here: ${words || trial.shortMessage}` };
}

/** One for each controller: the first in which a process could be limited. */
async function tryCgroups(): Promise<Cgroups | undefined> {
  const usable: Hierarchy[] = [];
  for (const hierarchy of await findHierarchies()) {
    const free = hierarchy.controllers.filter(
      (name) => !usable.some(({ controllers }) => controllers.includes(name)),
    );
    const candidate = { ...hierarchy, controllers: free };
    if (free.length > 0 && (await works(candidate))) usable.push(candidate);
  }
  return usable.length === 0 ? undefined : openCgroups(usable);
}

const trialLimits = {
  ...{ memoryMb: 64, cpus: 1, processes: 16, openFiles: 64, fileMb: 1, scratchMb: 1, niceness: 0 },
};

async function works(hierarchy: Hierarchy): Promise<boolean> {
  try {
    const group = await openCgroups([hierarchy]).make(trialLimits);
    const [file, ...args] = [...joinDoors(group.doors), '/bin/sh', '-c', ':'];
    const { exitCode } = await execa(file ?? '/bin/sh', args, {
      reject: false,
      stdin: 'ignore',
      timeout: patienceMs,
    });
    await group.remove();
    return exitCode === 0;
  } catch {
    // Read-only, as in most containers, or another user's.
    return false;
  }
}

async function readCeilings(): Promise<ReadonlyMap<string, number>> {
  const text = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  const names = {
    nofile: 'Max open files',
    nproc: 'Max processes',
    fsize: 'Max file size',
    data: 'Max data size',
  };
  return new Map(
    Object.entries(names).flatMap(([name, label]) => {
      const [, hard] = new RegExp(`^${label}\\s+\\S+\\s+(\\d+)`, 'm').exec(text) ?? [];
      return hard === undefined ? [] : [[name, Number(hard)] as const];
    }),
  );
}
