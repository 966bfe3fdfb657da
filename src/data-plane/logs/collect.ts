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
/** A store that cannot keep up costs lines, not the memory of the data plane: it carries everybody's requests. */
const maxEntries = 50_000;
const maxCharacters = 32 * 1024 * 1024;
/** Of an entry that is no line. */
const entryCharacters = 500;

export function createLogCollector(options: {
  readonly logs: Pick<LogStore, 'append'>;
  readonly clock: Clock;
  readonly logger: Logger;
}): LogCollector {
  let waiting: LogEntry[] = [];
  let waitingCharacters = 0;
  /** What the store has not taken yet, those on their way to it included. */
  const held = { entries: 0, characters: 0 };
  let dropped = 0;
  let writing: Promise<void> = Promise.resolve();

  const add = (make: () => LogEntry, characters: number): void => {
    if (held.entries >= maxEntries || held.characters + characters > maxCharacters) {
      dropped++;
      return;
    }
    held.entries++;
    held.characters += characters;
    waitingCharacters += characters;
    if (waiting.push(make()) === batchSize) flush();
  };
  const flush = (): void => {
    if (waiting.length === 0) return;
    const batch = waiting;
    const characters = waitingCharacters;
    waiting = [];
    waitingCharacters = 0;
    writing = writing
      .then(() => options.logs.append(batch))
      .catch((error) =>
        options.logger.error({ err: error, lost: batch.length }, 'log lines could not be kept'),
      )
      .then(() => {
        held.entries -= batch.length;
        held.characters -= characters;
      });
  };
  const timer = setInterval(() => {
    flush();
    if (dropped > 0)
      options.logger.warn({ dropped }, 'log lines were dropped: the log store is too slow');
    dropped = 0;
  }, flushMs);

  return {
    line: (origin, text) =>
      add(
        () => ({ ...origin, ...classifyLine(text), timestamp: options.clock.now() }),
        text.length,
      ),
    entry: (entry) => add(() => entry, entryCharacters),
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      flush();
      await writing;
    },
  };
}
