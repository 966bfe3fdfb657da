import { stripVTControlCharacters } from 'node:util';
import { execa } from 'execa';
import { lastLines } from '../../../core/report.ts';
import { signalOfExitCode } from '../../sandbox/exit-signal.ts';
import { asItIs } from '../../sandbox/no-sandbox.ts';
import type { Confined, Program } from '../../sandbox/sandbox.ts';
import { stdioOf } from '../../sandbox/stdio-of.ts';
import { signalGroup } from './processes.ts';

export interface ToolRun extends Program {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Where it runs. Absent: it sees and uses all that Berth does. */
  readonly confine?: (program: Program) => Promise<Confined>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly onOutput: (line: string) => void;
  /** What it prints to stdout, as it comes. */
  readonly onStdout?: (chunk: Uint8Array) => void;
  /** Looked for in every line. */
  readonly watchFor?: RegExp;
}

/** Every way in which a command can end. */
export interface ToolResult {
  readonly outcome: 'success' | 'failed' | 'timed-out' | 'aborted';
  /** `exit code 1`, `SIGKILL`, or why it could not be started. */
  readonly reason: string;
  /** The limit that ended it, as "used more than 4096 MB of memory". */
  readonly exceeded?: string | undefined;
  readonly durationMs: number;
  /** The last lines it printed, without colours. */
  readonly tail: string;
  /** A line matched `watchFor`. */
  readonly seen: boolean;
}

/** Runs a command in a process group of its own, and leaves nothing of the group behind. */
export async function runTool(run: ToolRun): Promise<ToolResult> {
  const reader = createLineReader(run);
  const { file, args } = run;
  await using confined = await (run.confine?.({ file, args }) ??
    asItIs({ file, args }, run.environment));
  const child = execa(confined.program.file, confined.program.args, {
    cwd: run.directory,
    env: confined.environment,
    extendEnv: false,
    killDescendants: true,
    forceKillAfterDelay: 5_000,
    timeout: run.timeoutMs,
    cancelSignal: run.signal,
    stdio: ['ignore', 'pipe', 'pipe', ...confined.descriptors.map(stdioOf)],
    all: true,
    buffer: false,
    reject: false,
  });
  child.all.on('data', reader.take);
  if (run.onStdout !== undefined) child.stdout.on('data', run.onStdout);
  child.nodeChildProcess.once('exit', () => endLeftovers(child));
  const { pid, nodeChildProcess } = child;
  if (pid !== undefined) void confined.watch({ pid, stdio: nodeChildProcess.stdio });
  const result = await child;
  reader.finish();
  const outcome = outcomeOf(result);
  return {
    outcome,
    reason: reasonOf(result, confined.hasMonitor),
    exceeded: await confined.exceeded(outcome === 'failed'),
    durationMs: result.durationMs,
    tail: reader.tail(),
    seen: reader.seen(),
  };
}

interface Ending {
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly timedOut: boolean;
  readonly isCanceled: boolean;
  readonly originalMessage?: string | undefined;
}

/** Its output may have had to be cut off, which is no failure: the exit code decides. */
function outcomeOf({ exitCode, timedOut, isCanceled }: Ending): ToolResult['outcome'] {
  if (isCanceled) return 'aborted';
  if (timedOut) return 'timed-out';
  return exitCode === 0 ? 'success' : 'failed';
}

function reasonOf({ exitCode, signal, originalMessage }: Ending, hasMonitor: boolean): string {
  if (signal !== undefined) return signal;
  const inside = hasMonitor ? signalOfExitCode(exitCode ?? 0) : undefined;
  if (inside !== undefined) return inside;
  return exitCode === undefined ? (originalMessage ?? 'unknown') : `exit code ${exitCode}`;
}

interface Child {
  readonly pid?: number | undefined;
  readonly stdout: { destroy(): unknown };
  readonly stderr: { destroy(): unknown };
}

/** What a command left in the background would hold its output open for as long as it likes. */
function endLeftovers({ pid, stdout, stderr }: Child): void {
  if (pid !== undefined) signalGroup(pid, 'SIGKILL');
  const giveUp = () => {
    stdout.destroy();
    stderr.destroy();
  };
  setTimeout(giveUp, 1_000).unref();
}

const lineBound = 8 * 1024;
const keptLines = 60;

function createLineReader({ onOutput, watchFor }: Pick<ToolRun, 'onOutput' | 'watchFor'>) {
  const decoder = new TextDecoder();
  const kept: string[] = [];
  let seen = false;
  let open = '';

  const pass = (line: string) => {
    const text = line.replace(/\r+$/, '');
    onOutput(text);
    const plain = stripVTControlCharacters(text);
    seen ||= watchFor?.test(plain) ?? false;
    kept.push(plain);
    if (kept.length > keptLines) kept.shift();
  };
  return {
    take(chunk: Uint8Array) {
      const [first = '', ...rest] = decoder.decode(chunk, { stream: true }).split('\n');
      open = bounded(open, first);
      for (const next of rest) {
        pass(open);
        open = bounded('', next);
      }
    },
    finish() {
      if (open !== '') pass(open);
    },
    tail: () => lastLines(kept.join('\n')),
    seen: () => seen,
  };
}

function bounded(start: string, more: string): string {
  if (start.length >= lineBound) return start;
  const line = start + more;
  return line.length > lineBound ? `${line.slice(0, lineBound)}…` : line;
}
