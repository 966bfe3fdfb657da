import type { Logger } from '../ports/logger.ts';

/** Runs `work` after each hint, never twice at once; hints that come meanwhile make one more run. */
export function coalesce(
  work: () => Promise<void>,
  logger: Logger,
): { readonly hint: () => void; readonly settled: () => Promise<void>; readonly stop: () => void } {
  let wanted = false;
  let stopped = false;
  let running: Promise<void> | undefined;
  const run = async (): Promise<void> => {
    while (wanted && !stopped) {
      wanted = false;
      await work().catch((error: unknown) =>
        logger.error({ err: error }, 'a look at the store failed'),
      );
    }
    running = undefined;
  };
  return {
    hint() {
      wanted = true;
      if (!stopped) running ??= run();
    },
    settled: async () => running,
    stop: () => {
      stopped = true;
    },
  };
}
