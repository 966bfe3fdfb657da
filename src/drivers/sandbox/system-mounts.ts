import { existsSync } from 'node:fs';
import {
  chmod,
  cp,
  lstat,
  mkdir,
  readlink,
  realpath,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { networkFiles } from './network-files.ts';

export interface SystemMount {
  readonly kind: 'folder' | 'link';
  readonly from: string;
  readonly at: string;
}

const settings = '/etc';
const programs = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/nix/store'];

/** What programs need to know of the machine: its libraries, certificates, name servers and time zone. No accounts, no secrets. */
const mountedSettings = [
  'alternatives',
  'ca-certificates',
  'java-11-openjdk',
  'java-17-openjdk',
  'ld.so.cache',
  'localtime',
  'pki',
  'ssl',
  ...networkFiles,
];
/** A network has its own in their place. */
const networkSettings: ReadonlySet<string> = new Set(networkFiles);
/** What else they need to know, of what is small and hardly ever changes: copied, for every mount is a part of every start. */
const copiedSettings = [
  'ca-certificates.conf',
  'gai.conf',
  'host.conf',
  'ld.so.conf',
  'ld.so.conf.d',
  'mime.types',
  'nsswitch.conf',
  'protocols',
  'services',
  'timezone',
];

/** The folder that every sandbox sees as `/etc`. `directory` is where it is made. */
export function settingsIn(directory: string): { readonly folder: string; readonly at: string } {
  return { folder: join(directory, 'etc'), at: settings };
}

export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

/** The part of the file system that every sandbox sees. `directory` takes the few files that are made for it. */
export async function findSystemMounts(
  directory: string,
  identity: Identity,
): Promise<readonly SystemMount[]> {
  const { folder } = settingsIn(directory);
  // What an earlier one has left may be of another kind.
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  // Whatever Berth's umask is, the user of the sandbox may look.
  await chmod(folder, 0o755);
  await writeAccounts(folder, identity);
  await Promise.all(copiedSettings.map((name) => copySetting(folder, name)));
  const shown = await Promise.all(programs.map(findProgramMount));
  const mounted = await Promise.all(mountedSettings.map((name) => placeSetting(folder, name)));
  return [...shown.flat(), { kind: 'folder', from: folder, at: settings }, ...mounted.flat()];
}

async function findProgramMount(path: string): Promise<readonly SystemMount[]> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined) return [];
  return stats.isSymbolicLink()
    ? [{ kind: 'link', from: await readlink(path), at: path }]
    : [{ kind: 'folder', from: path, at: path }];
}

/** What is not there, or not for everybody, is left out. */
async function copySetting(folder: string, name: string): Promise<void> {
  // A link that leads nowhere would end the copying of a folder.
  const copying = { recursive: true, dereference: true, filter: existsSync };
  await cp(join(settings, name), join(folder, name), copying).catch(() => undefined);
}

/**
 * A link to what is seen anyway stays one: from where the time zone's leads a program knows its name, and else it compares the
 * files of all time zones. Another may lead anywhere, as that of resolv.conf does: there the file itself is shown.
 */
async function placeSetting(folder: string, name: string): Promise<readonly SystemMount[]> {
  const path = join(settings, name);
  const place = join(folder, name);
  const target = await realpath(path).catch(() => undefined);
  const mayBeBerths = networkSettings.has(name);
  if (target !== undefined && target !== path && target.startsWith('/usr/') && !mayBeBerths) {
    await symlink(target, place);
    return [];
  }
  if (target === undefined) {
    if (mayBeBerths) await writeFile(place, '');
    return [];
  }
  await ((await stat(target)).isDirectory() ? mkdir(place) : writeFile(place, ''));
  return [{ kind: 'folder', from: path, at: path }];
}

/**
 * Some programs insist that their user has a name. Its number is a name of it, too: setpriv takes a number for a name first, and where
 * none is found here whatever else knows names is loaded.
 */
async function writeAccounts(folder: string, { uid, gid }: Identity): Promise<void> {
  if (uid !== 0) {
    const users = ['connector', uid].map((name) => `${name}:x:${uid}:${gid}::/tmp:/bin/sh\n`);
    await writeFile(join(folder, 'passwd'), `root:x:0:0:root:/:/bin/sh\n${users.join('')}`, {
      mode: 0o644,
    });
  }
  if (gid !== 0) {
    const groups = ['connector', gid].map((name) => `${name}:x:${gid}:\n`);
    await writeFile(join(folder, 'group'), `root:x:0:\n${groups.join('')}`, { mode: 0o644 });
  }
}
