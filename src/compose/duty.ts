import { tryLock } from './file-lock.ts';

const tryMs = 5_000;

/**
 * Work that one of several processes does for all of them: whoever has the lock, until it stops or dies. Then another one
 * takes over within seconds.
 */
export function takeDuty(lockFile: string, begin: () => AsyncDisposable): AsyncDisposable {
  const stack = new AsyncDisposableStack();
  const timer = setInterval(attempt, tryMs);
  function attempt(): void {
    const lock = tryLock(lockFile);
    if (lock === undefined) return;
    clearInterval(timer);
    stack.use(lock);
    stack.use(begin());
  }
  attempt();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await stack.disposeAsync();
    },
  };
}
