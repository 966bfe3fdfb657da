import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A folder below which Berth may make groups, and what they can limit. */
export interface Hierarchy {
  readonly version: 1 | 2;
  readonly base: string;
  readonly controllers: readonly string[];
}

const wanted = ['memory', 'pids', 'cpu'];

/** Where groups might be made, the likeliest first. Whether they can is known when one was made. */
export async function findHierarchies(): Promise<readonly Hierarchy[]> {
  const read = (file: string) => readFile(file, 'utf8').catch(() => '');
  const mounts = parseMounts(await read('/proc/self/mountinfo'));
  const places = parsePlaces(await read('/proc/self/cgroup'));
  const hierarchies: Hierarchy[] = [];
  for (const mount of mounts) {
    if (mount.version === 1) {
      const controllers = mount.options.filter((option) => wanted.includes(option));
      const place = places.get(controllers[0] ?? '');
      if (controllers.length === 0 || place === undefined) continue;
      hierarchies.push({ version: 1, base: within(mount, place), controllers });
      continue;
    }
    const own = within(mount, places.get('') ?? '/');
    // A group that holds processes cannot have children with limits: they are made beside it, or at the root.
    for (const base of new Set([own === mount.at ? own : dirname(own), mount.at])) {
      const controllers = await enable(base);
      if (controllers.length > 0) hierarchies.push({ version: 2, base, controllers });
    }
  }
  return hierarchies;
}

interface CgroupMount {
  readonly version: 1 | 2;
  readonly root: string;
  readonly at: string;
  readonly options: readonly string[];
}

/** `36 35 0:31 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory` */
export function parseMounts(mountinfo: string): readonly CgroupMount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , root = '/', at = ''] = before.split(' ');
    const [type, , options = ''] = after.split(' ');
    if (type !== 'cgroup' && type !== 'cgroup2') return [];
    return [{ version: type === 'cgroup2' ? 2 : 1, root, at, options: options.split(',') }];
  });
}

/** `4:memory:/user` by controller; that of version 2, `0::/user`, by the empty name. */
export function parsePlaces(text: string): ReadonlyMap<string, string> {
  const rows = text.split('\n').flatMap((line) => {
    const [, names, place] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (names === undefined || place === undefined) return [];
    return names.split(',').map((name) => [name, place] as const);
  });
  return new Map(rows);
}

/** In a container the place may be told as seen from outside. */
function within({ root, at }: CgroupMount, place: string): string {
  const inner = root !== '/' && place.startsWith(root) ? place.slice(root.length) : place;
  return join(at, inner).replace(/\/$/, '');
}

/** The controllers that children of the folder have, once asked for. */
async function enable(base: string): Promise<readonly string[]> {
  const file = join(base, 'cgroup.subtree_control');
  const available = (await readFile(join(base, 'cgroup.controllers'), 'utf8').catch(() => ''))
    .trim()
    .split(' ');
  for (const name of wanted.filter((one) => available.includes(one))) {
    await writeFile(file, `+${name}`).catch(() => undefined);
  }
  const enabled = (await readFile(file, 'utf8').catch(() => '')).trim().split(' ');
  return wanted.filter((name) => enabled.includes(name));
}
