import type { CommandSpec, InstanceSpec } from '../../../ports/runtime.ts';
import type { Limits, View } from '../../sandbox/sandbox.ts';
import type { OwnPlace } from './preload.ts';
import type { WorkNeeds } from './work-folder.ts';

export interface LaunchSpec extends WorkNeeds {
  readonly id: string;
  readonly directory: string;
  /** What is there as it was built, the folder around it. Absent: the folder itself. */
  readonly root?: string;
  readonly command: { readonly file: string; readonly args: readonly string[] };
  /** Beside its work folder. */
  readonly view: View;
  readonly limits: Limits;
  readonly mayBegin?: () => Promise<void>;
}

/** What programs need beside what they are started with, and what they may use. */
export interface Surroundings {
  /** The folders of node, npm and the other tools. */
  readonly tools: readonly string[];
  /** Download caches in them: for scripts, which may install; nothing for applications. */
  readonly caches: readonly string[];
  /** Folders in them that are nobody's business. */
  readonly hidden: readonly string[];
  /** Of whatever runs. */
  readonly bounds: Pick<Limits, 'processes' | 'openFiles' | 'fileMb' | 'scratchMb'>;
  readonly commands: Pick<Limits, 'memoryMb' | 'cpus' | 'niceness'> &
    Partial<Pick<Limits, 'diskMb' | 'fileMb'>>;
}

export function instanceLaunch(
  spec: InstanceSpec,
  place: OwnPlace,
  { tools, caches, hidden, bounds }: Surroundings,
): LaunchSpec {
  const { start, root = spec.directory } = spec;
  const isExec = start.kind === 'exec';
  return {
    id: spec.id,
    ...{ directory: spec.directory, root },
    command: isExec ? { file: start.file, args: start.args } : shell(start.command),
    path: spec.path,
    environment: isExec ? { ...spec.environment, ...start.environment } : spec.environment,
    nodeExecutable: spec.node.executable,
    memoryMb: spec.limits.memoryMb,
    place,
    view: {
      readable: [...tools, ...spec.path, spec.node.executable, root],
      writable: [],
      shared: [],
      scratch: [],
      hidden: [...caches, ...hidden],
    },
    limits: { ...bounds, ...spec.limits, niceness: 0 },
    ...(spec.mayBegin === undefined ? {} : { mayBegin: spec.mayBegin }),
    ...redirect(spec),
  };
}

export function commandLaunch(
  id: string,
  spec: CommandSpec,
  { tools, caches, hidden, bounds, commands }: Surroundings,
): LaunchSpec {
  return {
    id,
    directory: spec.directory,
    command: shell(spec.command),
    path: spec.path,
    environment: spec.environment,
    view: {
      readable: [...tools, ...spec.path],
      writable: [spec.root ?? spec.directory],
      shared: caches,
      scratch: [],
      hidden,
      ...(spec.overlay === undefined ? {} : { overlay: spec.overlay }),
    },
    limits: { ...bounds, ...commands },
    ...redirect(spec),
  };
}

function shell(command: string) {
  return { file: '/bin/sh', args: ['-c', command] };
}

function redirect({ platformRedirect }: Pick<CommandSpec, 'platformRedirect'>) {
  return platformRedirect === undefined ? {} : { platformRedirect };
}
