import { readFileSync } from 'node:fs';

/** False also for what has ended and only waits to be noticed by its parent. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    // A system without /proc, or it has just gone.
    return process.platform !== 'linux';
  }
}
