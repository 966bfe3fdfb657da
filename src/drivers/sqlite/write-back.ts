import type { Connection } from './connection.ts';

/** Longer than what lies between two writes of whoever gathers them for 100 ms: the last of a burst comes so late. */
const quietMs = 250;

/**
 * The write-ahead log takes a burst as fast as it can be written; where it belongs it is brought in the next quiet moment.
 * @returns what to call after each write
 */
export function writeBackWhenQuiet(connection: Connection, pages: number): () => void {
  const timer = setTimeout(() => {
    try {
      if (connection.isOpen && !connection.inTransaction) connection.writeBack(pages);
    } catch {
      // It stays in the log, and whoever fills that up will hear why.
    }
  }, quietMs).unref();
  return () => timer.refresh();
}
