import { type FSWatcher, utimesSync, watch } from 'node:fs';

/**
 * Commits are told from process to process by touching the write-ahead log, which is there for as long as somebody has the file open: who
 * watches it is called just after. SQLite's own writes to it come before the commit and say nothing.
 */
const logOf = (file: string): string => `${file}-wal`;

/** After a commit. */
export function giveHint(file: string): void {
  const now = Date.now() / 1000;
  try {
    utimesSync(logOf(file), now, now);
  } catch {
    // Whoever waits looks by himself, now and then.
  }
}

/**
 * Calls back after hints, and at other times too.
 * @returns undefined where the system has no watch left to give
 */
export function hearHints(file: string, hint: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(logOf(file), { persistent: false }, hint);
    // It has ended then.
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}
