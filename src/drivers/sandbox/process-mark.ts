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

/** Of the kernel's flags: on its way out, which takes one that holds a network a while. */
const exiting = 0x4;

function markOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The program's name, in brackets, may hold anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const isEnding = (Number(fields[6]) & exiting) !== 0;
    return fields[0] === 'Z' || isEnding ? undefined : `${pid}-${fields[19] ?? '0'}`;
  } catch {
    return undefined;
  }
}
