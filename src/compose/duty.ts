import type { Logger } from 'pino';
import { tryLock } from './file-lock.ts';

const tryMs = 5_000;

/**
 * Work that one of several processes does for all of them: whoever has the lock, until it stops or dies. Then another one
 * takes over within seconds.
 */
export function takeDuty(
  { lockFile, logger }: { readonly lockFile: string; readonly logger: Logger },
  begin: () => AsyncDisposable,
): AsyncDisposable {
  const stack = new AsyncDisposableStack();
  const attempt = (): void => {
    try {
      const lock = tryLock(lockFile);
      if (lock === undefined) return;
      clearInterval(timer);
      stack.use(lock);
      stack.use(begin());
    } catch (error) {
      // As on a full disk. It must not take with it what else this process does.
      logger.warn({ err: error }, 'could not look whether a duty is free');
    }
  };
  const timer = setInterval(attempt, tryMs);
  attempt();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await stack.disposeAsync();
    },
  };
}
