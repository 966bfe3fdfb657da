import { setTimeout as wait } from 'node:timers/promises';
import type { LogEntry } from '../../core/log-entry.ts';
import type { Clock } from '../../ports/clock.ts';
import type { CollectedLogs, LogStore, PrintedEntry } from '../../ports/log-store.ts';
import type { Logger } from '../../ports/logger.ts';
import { createBatches, type Item } from './batches.ts';
import { createDelivery } from './delivery.ts';
import { applicationKey, countMissing } from './missing.ts';
import { ownEntry } from './own-entry.ts';
import type { Redactions } from './redactions.ts';
import { createRoom } from './room.ts';

/** Takes output and entries at once, and brings them to the log store in batches, in the order in which they came. */
export interface LogCollector extends AsyncDisposable {
  /**
   * Whole lines that an application has printed. Undefined while there is room for more of it; else a promise of room. Where the
   * store takes nothing for too long it is kept all the same: then lines are counted instead of kept.
   */
  output(
    origin: { readonly deploymentId: string; readonly applicationName: string },
    lines: string,
  ): Promise<void> | undefined;
  /** Nobody waits for an entry: where there is no room for it, it is counted instead. */
  entry(entry: LogEntry): void;
  /** Somebody will look for what has come by now: it does not wait for more. */
  hurry(): void;
  /** What Berth itself has to say in the log of an application. */
  say(
    origin: { readonly deploymentId: string; readonly applicationName: string },
    text: string,
  ): void;
}

const flushMs = 100;
const sayEveryMs = 10_000;
/** A store that cannot keep up holds up who writes most, not the others, and costs the data plane no more memory than this. */
const roomLimits = { ofApplication: 4 * 1024 * 1024, ofAll: 32 * 1024 * 1024 };
/** An application that is held up fails its health checks: a store that takes nothing must not end it. */
const defaultPatienceMs = 10_000;
const maxEntries = 50_000;
/** Of an entry that is no output. */
const entryCharacters = 500;

export function createLogCollector(options: {
  readonly logs: Pick<LogStore, 'collect'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly redactions: Pick<Redactions, 'of' | 'secretsOf'>;
  readonly patienceMs?: number;
}): LogCollector {
  const { logs, clock, logger, redactions, patienceMs = defaultPatienceMs } = options;
  const delivery = createDelivery(logs, patienceMs);
  const batches = createBatches();
  const room = createRoom(roomLimits);
  const missing = countMissing();
  let entries = 0;
  let sending: Promise<void> | undefined;
  let isHurried = false;
  let saidAt = Number.NEGATIVE_INFINITY;

  const add = (item: Item): void => {
    room.take(applicationKey(item.logs), item.characters);
    batches.add(item);
    if (batches.isFull) flush();
  };
  const addEntry = (entry: LogEntry | PrintedEntry): void => {
    entries += 1;
    add({ logs: entry, characters: entryCharacters });
  };
  const entry = (given: LogEntry): void => {
    if (entries >= maxEntries) {
      missing.add(given, 1);
      return;
    }
    const redactor = redactions.of(given.deploymentId);
    const printed = JSON.stringify(given.details);
    // In all of it at once, where nothing is escaped: hardly any request names a secret.
    const isClean = !printed.includes('\\') && redactor.text(printed) === printed;
    const details = isClean ? printed : JSON.stringify(redactor.json(given.details));
    addEntry({ ...given, details });
  };
  const flush = (): void => {
    if (sending !== undefined || batches.isEmpty) return;
    const batch = batches.take();
    if (batches.isEmpty) isHurried = false;
    sending = send(batch).finally(() => {
      sending = undefined;
      if (batches.isFull || isHurried) flush();
    });
  };
  const send = async (batch: readonly Item[]): Promise<void> => {
    const isKept = await delivery.bring(batch.map((item) => item.logs));
    for (const item of batch) {
      if (!isKept) missing.add(item.logs, linesOf(item.logs));
      if (!('output' in item.logs)) entries -= 1;
      room.give(applicationKey(item.logs), item.characters);
    }
    if (isKept && missing.total > 0) tellMissing();
  };
  /** In the log in which it is missing, and in Berth's own; there not each time, because it may go on for hours. */
  const tellMissing = (): void => {
    sayMissing();
    for (const entry of missing.takeEntries(clock.now(), delivery.reason)) addEntry(entry);
  };
  const sayMissing = (): void => {
    if (missing.total === 0) return;
    saidAt = performance.now();
    logger.error({ lost: missing.total, reason: delivery.reason }, 'log entries could not be kept');
  };
  const timer = setInterval(() => {
    flush();
    if (delivery.isStuck()) room.open();
    if (performance.now() - saidAt > sayEveryMs) sayMissing();
  }, flushMs);

  return {
    output(origin, output) {
      const { deploymentId, applicationName } = origin;
      const key = applicationKey(origin);
      if (delivery.isStuck() && !room.isFor(key)) {
        missing.add(origin, countLines(output));
        return undefined;
      }
      const secrets = redactions.secretsOf(deploymentId);
      add({
        logs: { deploymentId, applicationName, timestamp: clock.now(), output, secrets },
        characters: output.length,
      });
      return room.isFor(key) || delivery.isStuck() ? undefined : room.wait(key);
    },
    entry,
    hurry() {
      isHurried = !batches.isEmpty;
      flush();
    },
    say: (origin, text) => entry(ownEntry(origin, clock.now(), text)),
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      delivery.close();
      room.open();
      while ((sending !== undefined || !batches.isEmpty) && !delivery.isStuck()) {
        flush();
        await Promise.race([sending, wait(patienceMs, undefined, { ref: false })]);
      }
      sayMissing();
    },
  };
}

function linesOf(logs: CollectedLogs): number {
  return 'output' in logs ? countLines(logs.output) : 1;
}

function countLines(output: string): number {
  let lines = 1;
  for (let at = output.indexOf('\n'); at !== -1; at = output.indexOf('\n', at + 1)) lines += 1;
  return lines;
}
