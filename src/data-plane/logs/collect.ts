import type { LogEntry } from '../../core/log-entry.ts';
import { classifyLine } from '../../core/log-line.ts';
import type { Clock } from '../../ports/clock.ts';
import type { LogStore } from '../../ports/log-store.ts';
import type { Logger } from '../../ports/logger.ts';

/** Takes lines and entries at once, and brings them to the log store in batches. */
export interface LogCollector extends AsyncDisposable {
  line(
    origin: { readonly deploymentId: string; readonly applicationName: string },
    text: string,
  ): void;
  entry(entry: LogEntry): void;
}

const flushMs = 100;
const batchSize = 1000;
/** A store that cannot keep up costs the oldest lines, not the memory of the data plane. */
const maxWaiting = 50_000;

export function createLogCollector(options: {
  readonly logs: LogStore;
  readonly clock: Clock;
  readonly logger: Logger;
}): LogCollector {
  let waiting: LogEntry[] = [];
  let dropped = 0;
  let writing: Promise<void> = Promise.resolve();

  const add = (entry: LogEntry): void => {
    if (waiting.length >= maxWaiting) dropped++;
    else waiting.push(entry);
    if (waiting.length === batchSize) flush();
  };
  const flush = (): void => {
    if (waiting.length === 0) return;
    const batch = waiting;
    waiting = [];
    writing = writing
      .then(() => options.logs.append(batch))
      .catch((error) =>
        options.logger.error({ err: error, lost: batch.length }, 'log lines could not be kept'),
      );
  };
  const timer = setInterval(() => {
    flush();
    if (dropped > 0)
      options.logger.warn({ dropped }, 'log lines were dropped: the log store is too slow');
    dropped = 0;
  }, flushMs);

  return {
    line: (origin, text) =>
      add({ ...origin, ...classifyLine(text), timestamp: options.clock.now() }),
    entry: add,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      flush();
      await writing;
    },
  };
}
