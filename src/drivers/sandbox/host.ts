import { access, constants, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { bubblewrapArguments } from './bubblewrap.ts';
import { findHierarchies, type Hierarchy } from './cgroup-hierarchies.ts';
import { type Cgroups, openCgroups } from './cgroups.ts';
import { joinDoors } from './chain.ts';
import { findSystemMounts, type Identity, type SystemMount } from './system-mounts.ts';

/** The programs of this machine that confine others; absent where they are not there or do not work. */
export interface Host {
  readonly nice?: string;
  readonly env?: string;
  readonly prlimit?: string;
  readonly bubblewrap?: Bubblewrap;
  /** Why there is none, for people. */
  readonly withoutBubblewrap: string;
  readonly cgroups?: Cgroups;
  /** Above these no limit can be set: `nofile`, `nproc`, `fsize`, `data`. */
  readonly ceilings: ReadonlyMap<string, number>;
}

export interface Bubblewrap {
  readonly file: string;
  readonly system: readonly SystemMount[];
  /** Absent: a user namespace separates. */
  readonly drop?: { readonly setpriv: string; readonly identity: Identity };
}

/**
 * Who confined programs are where Berth is root: somebody who owns nothing else. At the end of what Debian and the others
 * give to accounts, where hardly anybody is.
 */
const nobodyElse: Identity = { uid: 59_990, gid: 59_990 };

const folders = ['/usr/bin', '/bin', '/usr/sbin', '/sbin', '/usr/local/bin'];
const patienceMs = 20_000;

/** Looks once, by trying. `directory` takes the few files a sandbox needs. */
export async function examineHost(directory: string, isSeparated: boolean): Promise<Host> {
  if (process.platform !== 'linux') {
    const nice = await findProgram('nice');
    return {
      ...(nice === undefined ? {} : { nice }),
      withoutBubblewrap: 'bubblewrap is for Linux only',
      ceilings: new Map(),
    };
  }
  const [nice, env, prlimit, cgroups, separation, ceilings] = await Promise.all([
    findProgram('nice'),
    findProgram('env'),
    findProgram('prlimit'),
    tryCgroups(),
    isSeparated ? tryBubblewrap(directory) : { withoutBubblewrap: 'BERTH_SANDBOX is off' },
    readCeilings(),
  ]);
  return {
    ...(nice === undefined ? {} : { nice }),
    ...(env === undefined ? {} : { env }),
    ...(prlimit === undefined ? {} : { prlimit }),
    ...(cgroups === undefined ? {} : { cgroups }),
    ...separation,
    ceilings,
  };
}

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
  const drop = isRoot && setpriv !== undefined ? { drop: { setpriv, identity } } : {};
  const bubblewrap = { file, system, ...drop };
  const trial = await execa(file, trialArguments(bubblewrap), {
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

function trialArguments({ system, drop }: Bubblewrap): readonly string[] {
  const view = { readable: [], writable: [], shared: [], scratch: [], hidden: [] };
  const userNamespace = drop === undefined;
  return [
    ...bubblewrapArguments({
      view,
      system,
      userNamespace,
      directory: '/',
      scratchMb: 1,
      endsWithParent: true,
    }),
    ...(drop === undefined ? [] : dropTo(drop)),
    '/bin/sh',
    '-c',
    ':',
  ];
}

/** No capability is left, and no program can bring one back. */
export function dropTo({ setpriv, identity }: NonNullable<Bubblewrap['drop']>): readonly string[] {
  return [
    setpriv,
    `--reuid=${identity.uid}`,
    `--regid=${identity.gid}`,
    '--clear-groups',
    '--inh-caps=-all',
    '--bounding-set=-all',
    '--no-new-privs',
    '--',
  ];
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

async function findProgram(name: string): Promise<string | undefined> {
  for (const folder of folders) {
    const file = join(folder, name);
    const usable = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (usable) return file;
  }
  return undefined;
}
