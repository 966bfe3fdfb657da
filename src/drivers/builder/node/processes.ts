import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';

/** False where there is no such group any more. */
export function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  return signalTo(-pid, signal);
}

/** Names a process for good: ids come round again, the moment it started does not. Undefined where it has ended. */
export function processMark(pid: number): string | undefined {
  const stat = readStat(pid);
  return signalTo(pid, 0) && stat.state !== 'Z' ? `${pid}-${stat.startedAt}` : undefined;
}

export function isRunning(mark: string): boolean {
  return processMark(Number.parseInt(mark, 10)) === mark;
}

/**
 * Ends every process that was given a path in this folder in its environment, as HOME for instance, however it has
 * detached itself. Only where the system shows environments; elsewhere the process group has to do.
 */
export async function endProcessesOf(directory: string): Promise<void> {
  const ids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  await Promise.all(
    ids.map(async (id) => {
      // Processes of other people, and those that end meanwhile.
      const environment = await readFile(`/proc/${id}/environ`, 'utf8').catch(() => '');
      if (environment.includes(`=${directory}/`)) signalTo(Number(id), 'SIGKILL');
    }),
  );
}

function signalTo(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    // ESRCH: it has ended. EPERM: it is not ours to end.
    return false;
  }
}

/** Where the system tells: the 3rd and the 22nd field, the latter in clock ticks since the machine started. */
function readStat(pid: number): { readonly state: string; readonly startedAt: string } {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The program's name, in brackets, may hold anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', startedAt: fields[19] ?? '0' };
  } catch {
    return { state: '', startedAt: '0' };
  }
}
