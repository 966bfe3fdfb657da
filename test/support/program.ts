import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

/** Runs a program of ours to its end and answers what it printed; fails where it fails. */
export async function runProgram(program: URL, args: readonly string[]): Promise<string> {
  const { stdout } = await execa(process.execPath, [fileURLToPath(program), ...args]);
  return stdout;
}

export interface StartedProgram extends AsyncDisposable {
  /** What it has printed so far. Whole lines only. */
  readonly lines: readonly string[];
  /** Writes it to its stdin. */
  tell(text: string): void;
  /** kill -9; resolves when it is gone and everything it printed has been read. */
  kill(): Promise<void>;
}

export function startProgram(program: URL, args: readonly string[]): StartedProgram {
  const lines: string[] = [];
  const child = execa(process.execPath, [fileURLToPath(program), ...args], {
    reject: false,
    buffer: false,
    stderr: 'inherit',
  });
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
  });
  const kill = async () => {
    child.kill('SIGKILL');
    await child;
  };
  const tell = (text: string) => void child.stdin.write(text);
  return { lines, tell, kill, [Symbol.asyncDispose]: kill };
}
