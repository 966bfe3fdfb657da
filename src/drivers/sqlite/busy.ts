/**
 * Tries again while another connection holds the lock. SQLite's own waiting sleeps up to 100 ms between two looks, so
 * that a process that writes seldom could wait for seconds beside one that writes all the time.
 */
export function waitWhileBusy<T>(timeoutMs: number, work: () => T): T {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (!mayPass(error) || performance.now() >= deadline) throw error;
      pause();
    }
  }
}

const busy = 5;
/** A transaction that has read an older state never gets the lock, however long it waits. */
const busySnapshot = 517;
const pauseMs = 0.5;
const nobodyWakesIt = new Int32Array(new SharedArrayBuffer(4));

function mayPass(error: unknown): boolean {
  const errcode = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
  return typeof errcode === 'number' && (errcode & 0xff) === busy && errcode !== busySnapshot;
}

function pause(): void {
  Atomics.wait(nobodyWakesIt, 0, 0, pauseMs);
}
