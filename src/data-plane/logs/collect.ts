import type { LogEntry } from '../../core/log-entry.ts';
import { classifyLine, maxLineCharacters } from '../../core/log-line.ts';
import { redactLongLine } from '../../core/redaction.ts';
import type { Clock } from '../../ports/clock.ts';
import type { LogStore } from '../../ports/log-store.ts';
import type { Logger } from '../../ports/logger.ts';
import type { Redactions } from './redactions.ts';

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
const sayEveryMs = 10_000;
/** A store that cannot keep up costs lines, not the memory of the data plane: it carries everybody's requests. */
const maxEntries = 50_000;
const maxCharacters = 32 * 1024 * 1024;
/** Of an entry that is no line. */
const entryCharacters = 500;

export function createLogCollector(options: {
  readonly logs: Pick<LogStore, 'append'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly redactions: Pick<Redactions, 'of'>;
}): LogCollector {
  let waiting: LogEntry[] = [];
  let waitingCharacters = 0;
  /** What the store has not taken yet, those on their way to it included. */
  const held = { entries: 0, characters: 0 };
  const missing = { tooMany: 0, unwritten: 0, reason: undefined as unknown };
  let saidAt = Number.NEGATIVE_INFINITY;
  let writing: Promise<void> = Promise.resolve();

  const redacted = (entry: LogEntry): LogEntry => {
    const details = options.redactions.of(entry.deploymentId).json(entry.details);
    return { ...entry, details: details as LogEntry['details'] };
  };
  const add = (make: () => LogEntry, characters: number): void => {
    if (held.entries >= maxEntries || held.characters + characters > maxCharacters) {
      missing.tooMany++;
      return;
    }
    held.entries++;
    held.characters += characters;
    waitingCharacters += characters;
    if (waiting.push(redacted(make())) === batchSize) flush();
  };
  const flush = (): void => {
    if (waiting.length === 0) return;
    const batch = waiting;
    const characters = waitingCharacters;
    waiting = [];
    waitingCharacters = 0;
    writing = writing
      .then(() => options.logs.append(batch))
      .catch((error: unknown) => {
        missing.unwritten += batch.length;
        missing.reason = error;
      })
      .then(() => {
        held.entries -= batch.length;
        held.characters -= characters;
      });
  };
  /** How many, and not each time: it may go on for hours. */
  const sayMissing = (): void => {
    const { tooMany, unwritten, reason } = missing;
    if (tooMany > 0)
      options.logger.warn(
        { dropped: tooMany },
        'log lines were dropped: the log store is too slow',
      );
    if (unwritten > 0)
      options.logger.error({ err: reason, lost: unwritten }, 'log lines could not be kept');
    if (tooMany + unwritten > 0) saidAt = performance.now();
    Object.assign(missing, { tooMany: 0, unwritten: 0, reason: undefined });
  };
  const timer = setInterval(() => {
    flush();
    if (performance.now() - saidAt > sayEveryMs) sayMissing();
  }, flushMs);

  return {
    line: (origin, text) =>
      add(() => {
        const redactor = options.redactions.of(origin.deploymentId);
        const line = classifyLine(redactLongLine(text, maxLineCharacters, redactor));
        return { ...origin, ...line, timestamp: options.clock.now() };
      }, text.length),
    entry: (entry) => add(() => entry, entryCharacters),
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      flush();
      await writing;
      sayMissing();
    },
  };
}
