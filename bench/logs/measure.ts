import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { BenchmarkRun } from '../benchmark-command.ts';
import type { IntakeResult, IntakeRound } from './intake.ts';
import { lineCount, writeLines } from './lines.ts';

/** The same lines once into a file, and right after it into Berth. */
export interface Pair {
  readonly catMs: number;
  readonly berthMs: number;
  readonly lost: number;
}

export interface Measured {
  readonly name: string;
  readonly pairs: readonly Pair[];
}

const pathTo = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export async function measureLogs({
  rounds,
  progress,
}: BenchmarkRun): Promise<readonly Measured[]> {
  const folder = await mkdtemp(join(tmpdir(), 'berth-bench-'));
  const lines = join(folder, 'lines');
  await writeLines(lines);
  const writers = [
    { name: '`cat`, blocks of 128 KiB', file: '/bin/cat', args: [lines] },
    {
      name: 'Node, a write for each line',
      file: process.execPath,
      args: [pathTo('./writer.mjs'), lines],
    },
  ];
  const intake = fork(pathTo('./intake.ts'), [folder], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const measured = writers.map(({ name }) => ({ name, pairs: [] as Pair[] }));
  try {
    await once(intake, 'message');
    for (let round = 0; round <= rounds; round += 1) {
      progress(round === 0 ? 'warm-up' : `round ${round} of ${rounds}`);
      for (const [index, { file, args }] of writers.entries()) {
        const catMs = await intoFile([file, ...args], join(folder, 'copy'));
        const id = `writer-${index}-${round}`;
        const { ms, lost } = await intoBerth(intake, { id, file, args, lines: lineCount });
        if (round > 0) measured[index]?.pairs.push({ catMs, berthMs: ms, lost });
      }
    }
  } finally {
    intake.disconnect();
    if (intake.exitCode === null) await once(intake, 'exit');
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
  return measured;
}

async function intoFile(command: readonly string[], target: string): Promise<number> {
  const startedAt = performance.now();
  await execa('/bin/sh', ['-c', '"$@" | cat > "$0"', target, ...command], { stdin: 'ignore' });
  return performance.now() - startedAt;
}

async function intoBerth(intake: ChildProcess, round: IntakeRound): Promise<IntakeResult> {
  intake.send(round);
  const [result] = await once(intake, 'message');
  return result;
}
