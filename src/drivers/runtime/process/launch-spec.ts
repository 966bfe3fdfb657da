import type { CommandSpec, InstanceSpec } from '../../../ports/runtime.ts';
import type { OwnPlace, WorkNeeds } from './work-folder.ts';

export interface LaunchSpec extends WorkNeeds {
  readonly id: string;
  readonly directory: string;
  readonly command: { readonly file: string; readonly args: readonly string[] };
}

export function instanceLaunch(spec: InstanceSpec, place: OwnPlace): LaunchSpec {
  const { start } = spec;
  const isExec = start.kind === 'exec';
  return {
    id: spec.id,
    directory: spec.directory,
    command: isExec ? { file: start.file, args: start.args } : shell(start.command),
    path: spec.path,
    environment: isExec ? { ...spec.environment, ...start.environment } : spec.environment,
    nodeExecutable: spec.node.executable,
    memoryMb: spec.limits.memoryMb,
    place,
    ...redirect(spec),
  };
}

export function commandLaunch(id: string, spec: CommandSpec): LaunchSpec {
  return {
    id,
    directory: spec.directory,
    command: shell(spec.command),
    path: spec.path,
    environment: spec.environment,
    ...redirect(spec),
  };
}

function shell(command: string) {
  return { file: '/bin/sh', args: ['-c', command] };
}

function redirect({ platformRedirect }: Pick<CommandSpec, 'platformRedirect'>) {
  return platformRedirect === undefined ? {} : { platformRedirect };
}
