import { lstat, mkdir, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface SystemMount {
  readonly kind: 'folder' | 'link';
  readonly from: string;
  readonly at: string;
}

const programs = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/nix/store'];

/** What programs need to know of the machine: its libraries, certificates, name servers and time zone. No accounts, no secrets. */
const settings = [
  'alternatives',
  'ca-certificates',
  'ca-certificates.conf',
  'gai.conf',
  'host.conf',
  'hosts',
  'java-11-openjdk',
  'java-17-openjdk',
  'ld.so.cache',
  'ld.so.conf',
  'ld.so.conf.d',
  'localtime',
  'mime.types',
  'nsswitch.conf',
  'pki',
  'protocols',
  'resolv.conf',
  'services',
  'ssl',
  'timezone',
].map((name) => `/etc/${name}`);

export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

/** The part of the file system that every sandbox sees. `directory` takes the few files that are made for it. */
export async function findSystemMounts(
  directory: string,
  identity: Identity,
): Promise<readonly SystemMount[]> {
  const accounts = await writeAccounts(directory, identity);
  const found = await Promise.all([...programs, ...settings].map(findMount));
  return [...found.filter((mount) => mount !== undefined), ...accounts];
}

async function findMount(path: string): Promise<SystemMount | undefined> {
  const stat = await lstat(path).catch(() => undefined);
  if (stat === undefined) return undefined;
  // A link in /etc may lead anywhere, as resolv.conf does: there the file itself is shown.
  if (!stat.isSymbolicLink() || path.startsWith('/etc/'))
    return { kind: 'folder', from: path, at: path };
  return { kind: 'link', from: await readlink(path), at: path };
}

/** Some programs insist that their user has a name. */
async function writeAccounts(
  directory: string,
  { uid, gid }: Identity,
): Promise<readonly SystemMount[]> {
  await mkdir(directory, { recursive: true });
  const files = {
    passwd: `root:x:0:0:root:/:/bin/sh\nconnector:x:${uid}:${gid}::/tmp:/bin/sh\n`,
    group: `root:x:0:\nconnector:x:${gid}:\n`,
  };
  const mounts: SystemMount[] = [];
  for (const [name, content] of Object.entries(files)) {
    if ((name === 'passwd' ? uid : gid) === 0) continue;
    await writeFile(join(directory, name), content, { mode: 0o644 });
    mounts.push({ kind: 'folder', from: join(directory, name), at: `/etc/${name}` });
  }
  return mounts;
}
