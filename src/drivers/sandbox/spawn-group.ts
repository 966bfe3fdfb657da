import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { RuntimeFailure } from '../../core/failure.ts';
import type { Descriptor, GroupLeader, Program } from './sandbox.ts';

export interface GroupSpec {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly stdin?: 'pipe' | 'ignore';
  /** From 3 on. */
  readonly descriptors?: readonly Descriptor[];
}

/** @throws RuntimeFailure where there is no such program or folder, or the machine refuses */
export async function spawnGroup(program: Program, spec: GroupSpec): Promise<GroupLeader> {
  const child = trySpawn(program, spec);
  if (child.pid === undefined) {
    const [error] = await once(child, 'error', { signal: AbortSignal.timeout(1_000) });
    throw notStarted(program.file, spec.directory, error);
  }
  for (const [index, descriptor] of (spec.descriptors ?? []).entries()) {
    if (typeof descriptor !== 'string') finishWith(child, 3 + index, descriptor.text);
  }
  return child as GroupLeader;
}

/** The last that is written there; nothing is read. Whoever has ended meanwhile does not take it. */
export function finishWith(child: ChildProcess, descriptor: number, text: string): void {
  const stream = child.stdio[descriptor] as Writable;
  stream.on('error', () => undefined);
  stream.end(text, () => stream.destroy());
}

function trySpawn(
  { file, args }: Program,
  { directory, environment, stdin = 'ignore', descriptors = [] }: GroupSpec,
): ChildProcess {
  const further = descriptors.map((one) => (typeof one === 'string' ? one : 'pipe'));
  try {
    return spawn(file, args, {
      cwd: directory,
      env: environment,
      detached: true,
      stdio: [stdin, 'pipe', 'pipe', ...further],
    });
  } catch (error) {
    throw notStarted(file, directory, error);
  }
}

function notStarted(file: string, directory: string, error: unknown): RuntimeFailure {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  return new RuntimeFailure(`Could not start ${file} in ${directory} (${code}).`, {
    nextStep: reasons[code] ?? 'Check that both exist and that Berth may use them.',
  });
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'Either the program or the folder does not exist.',
  EACCES: 'Berth may not run that program or not enter that folder.',
  E2BIG: 'The configuration is too large for a process: shorten its longest values.',
  EAGAIN: 'The machine refuses further processes: stop deployments that are not needed.',
  EMFILE: 'Berth has too many files open: raise its limit (ulimit -n).',
};
