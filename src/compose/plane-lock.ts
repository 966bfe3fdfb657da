import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { Failure } from '../core/failure.ts';

/** A process that was told to stop needs a moment; one that was killed needs none. */
const patienceMs = 15_000;
const retryMs = 100;

/**
 * Keeps a second plane of the same kind off the same data directory. The operating system gives the lock back when the
 * process dies, however it dies, so that a restart waits for nobody.
 */
export async function lockPlane(
  file: string,
  plane: string,
  signal: AbortSignal,
): Promise<Disposable> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const deadline = Date.now() + patienceMs;
  while (true) {
    const lock = tryLock(file);
    if (lock !== undefined) return lock;
    if (Date.now() > deadline) {
      throw new Failure(
        `Another ${plane} plane of Berth uses this data directory (${dirname(dirname(file))}).`,
        {
          nextStep: 'Stop it first, or give this one a BERTH_DATA_DIR of its own.',
        },
      );
    }
    await wait(retryMs, undefined, { signal });
  }
}

function tryLock(file: string): Disposable | undefined {
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return { [Symbol.dispose]: () => database.close() };
  } catch (error) {
    database.close();
    // 5: SQLITE_BUSY, somebody else has it.
    if (error instanceof Error && 'errcode' in error && error.errcode === 5) return undefined;
    throw error;
  }
}
