import { networkDescriptors } from './private-network.ts';
import type { View } from './sandbox.ts';
import type { Identity, SystemMount } from './system-mounts.ts';

export interface Separation {
  readonly view: View;
  readonly directory: string;
  readonly scratchMb: number;
  readonly system: readonly SystemMount[];
  /** An ordinary user may make namespaces only in a user namespace of its own. There it stays who it is. */
  readonly userNamespace?: Identity;
  /** Absent where it was not started in one of its own. */
  readonly network: InNetwork | undefined;
  /** The place of the folder that it has in common with Berth, outside; absent where it has none. */
  readonly commonAt?: string | undefined;
  /** Some of its variables come at a descriptor. */
  readonly hasVariables: boolean;
  readonly endsWithParent: boolean;
}

export interface InNetwork {
  /** The descriptor at which bubblewrap waits when all else is done. Undefined: nowhere. */
  readonly waitsAt: number | undefined;
}

interface Mount {
  readonly at: string;
  readonly args: readonly string[];
}

/**
 * The arguments of bwrap up to the program. Everything has the path it has outside: package managers write absolute
 * paths down. The outer folders come first, so that inner ones lie over them.
 */
export function bubblewrapArguments(separation: Separation): readonly string[] {
  const { system, directory, endsWithParent } = separation;
  const mounts = [
    ...system.map(systemMount),
    ...deviceMounts(separation),
    ...viewMounts(separation),
  ];
  return [
    ...user(separation),
    ...inNetwork(separation),
    '--unshare-pid',
    '--unshare-ipc',
    '--unshare-uts',
    '--unshare-cgroup-try',
    ...(endsWithParent ? ['--die-with-parent'] : []),
    ...[...parents(mounts), ...mounts].toSorted(byDepth).flatMap(({ args }) => args),
    // What bubblewrap has made itself to mount upon is in memory and would take any amount.
    '--remount-ro',
    '/dev',
    '--remount-ro',
    '/',
    '--chdir',
    directory,
    '--',
  ];
}

function user({ userNamespace }: Separation): readonly string[] {
  if (userNamespace === undefined) return [];
  const { uid, gid } = userNamespace;
  // Where it comes from a namespace in which it was root, it would keep the rights of that.
  return ['--unshare-user', '--uid', String(uid), '--gid', String(gid), '--cap-drop', 'ALL'];
}

function inNetwork({ network, hasVariables }: Separation): readonly string[] {
  if (network === undefined) return [];
  const { alive, variables } = networkDescriptors;
  const { waitsAt } = network;
  return [
    ...['--sync-fd', String(alive)],
    ...(waitsAt === undefined ? [] : ['--block-fd', String(waitsAt)]),
    ...(hasVariables ? ['--args', String(variables)] : []),
  ];
}

function systemMount({ kind, from, at }: SystemMount): Mount {
  return { at, args: [kind === 'link' ? '--symlink' : '--ro-bind', from, at] };
}

function deviceMounts({ scratchMb }: Separation): readonly Mount[] {
  return [
    { at: '/proc', args: ['--proc', '/proc'] },
    { at: '/dev', args: ['--dev', '/dev'] },
    scratch('/dev/shm', scratchMb),
  ];
}

function viewMounts({ view, scratchMb, commonAt }: Separation): readonly Mount[] {
  const { temporary, common } = view;
  return [
    temporary === undefined ? scratch('/tmp', scratchMb) : bind('--bind', temporary, '/tmp'),
    ...[...new Set(view.readable)].map((path) => bind('--ro-bind-try', path, path)),
    ...[...view.writable, ...view.shared].map((path) => bind('--bind', path, path)),
    ...view.scratch.map((path) => scratch(path, scratchMb)),
    ...view.hidden.map((path) => scratch(path, 0)),
    ...(common === undefined || commonAt === undefined ? [] : [bind('--bind', commonAt, common)]),
    ...(view.also ?? []).map(({ folder, at }) => bind('--ro-bind', folder, at)),
  ];
}

function bind(kind: '--bind' | '--ro-bind' | '--ro-bind-try', from: string, at: string): Mount {
  return { at, args: [kind, from, at] };
}

/** In memory, for whatever user the program is. No space at all is one page: zero would mean no limit. */
function scratch(at: string, mb: number): Mount {
  const bytes = mb === 0 ? 4096 : mb * 1024 ** 2;
  return { at, args: ['--perms', '1777', '--size', String(bytes), '--tmpfs', at] };
}

/** Left to itself, bubblewrap makes folders that only its own user may enter. */
function parents(mounts: readonly Mount[]): readonly Mount[] {
  const places = new Set(mounts.map(({ at }) => at));
  const above = new Set(mounts.flatMap(({ at }) => ancestors(at)));
  return [...above.difference(places)].map((at) => ({
    at,
    args: ['--perms', '0755', '--dir', at],
  }));
}

function ancestors(path: string): readonly string[] {
  const names = path.split('/').filter((name) => name !== '');
  return names.slice(0, -1).map((_, index) => `/${names.slice(0, index + 1).join('/')}`);
}

function byDepth(one: Mount, other: Mount): number {
  return ancestors(one.at).length - ancestors(other.at).length;
}
