import { readFileSync } from 'node:fs';

/** Names this process for good: ids come round again, the moment it started does not. */
export function ownMark(): string {
  return markOf(process.pid) ?? `${process.pid}-0`;
}

/** Not one that has ended and was not noticed yet. */
export function isAlive(pid: number): boolean {
  return markOf(pid) !== undefined;
}

export function isRunning(mark: string): boolean {
  return markOf(Number.parseInt(mark, 10)) === mark;
}

function markOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The program's name, in brackets, may hold anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : `${pid}-${fields[19] ?? '0'}`;
  } catch {
    return undefined;
  }
}
