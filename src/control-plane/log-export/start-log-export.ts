import { setTimeout as wait } from 'node:timers/promises';
import { backoffMs } from '../../core/backoff.ts';
import type { ExportedEntry, LogSink, SinkAnswer } from '../../ports/log-sink.ts';
import type { LogArrivals, LogStore } from '../../ports/log-store.ts';
import type { Logger } from '../../ports/logger.ts';
import type { Store } from '../../ports/store.ts';

export interface LogExportDependencies {
  readonly logs: Pick<LogStore, 'follow' | 'position' | 'places' | 'watch'>;
  readonly store: { readonly deployments: Pick<Store['deployments'], 'byId'> };
  readonly sink: LogSink;
  readonly logger: Logger;
  readonly backoff?: { readonly first: number; readonly max: number };
}

/** In the log store, so that it goes with the entries that it counts. */
const place = 'export';
const entriesPerRequest = 200;
/** A hint that was lost costs this much and nothing else. */
const lookMs = 1000;
const defaultBackoff = { first: 1000, max: 60_000 };
/** Whatever the other side asks for. */
const longestPauseMs = 10 * 60_000;

/**
 * Sends every entry of the logs that arrives to a sink, in the order of arrival, at least once: its place moves on when the sink has
 * taken what was before. The first start begins with what comes then.
 */
export function startLogExport(deps: LogExportDependencies): AsyncDisposable {
  const stopping = new AbortController();
  const looked = followHints(deps.logs, stopping.signal);
  const exporting = exportAll(deps, looked.next, stopping.signal);
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      looked.stop();
      await exporting;
    },
  };
}

async function exportAll(
  deps: LogExportDependencies,
  nextHint: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const { logger, backoff = defaultBackoff } = deps;
  const failures = { inRow: 0 };
  while (!signal.aborted) {
    const outcome = await exportSome(deps, signal).catch(
      (error: unknown): SinkAnswer => ({ kind: 'later', reason: String(error) }),
    );
    if (outcome === 'nothing') await nextHint();
    else if (outcome.kind === 'later' && !signal.aborted) {
      failures.inRow += 1;
      const pauseMs = Math.min(
        Math.max(backoffMs(failures.inRow, backoff), outcome.afterMs ?? 0),
        longestPauseMs,
      );
      logger.warn(
        { reason: outcome.reason, pauseMs },
        'logs could not be exported; it is tried again',
      );
      await wait(pauseMs, undefined, { signal }).catch(() => undefined);
    } else if (failures.inRow > 0) {
      failures.inRow = 0;
      logger.info({}, 'logs are exported again');
    }
  }
}

/** One look and what it finds. */
async function exportSome(
  deps: LogExportDependencies,
  signal: AbortSignal,
): Promise<SinkAnswer | 'nothing'> {
  const { logs, logger } = deps;
  const after = await beginPlace(logs);
  const page = await logs.follow({ after, limit: entriesPerRequest });
  if (page.next === after) return 'nothing';
  const answer = await sendOrHalve(deps, await describe(deps, page.arrivals), signal);
  if (answer.kind !== 'taken') return answer;
  await logs.places.put(place, page.next);
  if (answer.rejected > 0)
    logger.warn(
      { rejected: answer.rejected, reason: answer.reason },
      'entries of logs were not taken by the collector',
    );
  if (page.forgotten > 0)
    logger.warn(
      { forgotten: page.forgotten },
      'entries of logs were forgotten before they could be exported',
    );
  return answer;
}

async function beginPlace(logs: LogExportDependencies['logs']): Promise<string> {
  const known = await logs.places.get(place);
  if (known !== undefined) return known;
  const end = await logs.position({ deploymentId: '' });
  await logs.places.put(place, end);
  return end;
}

async function describe(
  { store }: LogExportDependencies,
  arrivals: LogArrivals['arrivals'],
): Promise<readonly ExportedEntry[]> {
  const ids = new Set(arrivals.map(({ entry }) => entry.deploymentId));
  const deployments = new Map<string, ExportedEntry['deployment']>();
  for (const id of ids) {
    const deployment = await store.deployments.byId(id);
    if (deployment !== undefined) deployments.set(id, deployment);
  }
  return arrivals.map(({ entry }) => {
    const deployment = deployments.get(entry.deploymentId);
    return deployment === undefined ? { entry } : { entry, deployment };
  });
}

/** Of what is refused together each half may be taken; what is refused alone never will be, and must not hold up the rest. */
async function sendOrHalve(
  deps: LogExportDependencies,
  entries: readonly ExportedEntry[],
  signal: AbortSignal,
): Promise<Exclude<SinkAnswer, { kind: 'refused' }>> {
  if (entries.length === 0) return { kind: 'taken', rejected: 0 };
  const answer = await deps.sink.send(entries, signal);
  if (answer.kind !== 'refused') return answer;
  if (entries.length === 1) return { kind: 'taken', rejected: 1, reason: answer.reason };
  const middle = Math.ceil(entries.length / 2);
  const first = await sendOrHalve(deps, entries.slice(0, middle), signal);
  if (first.kind === 'later') return first;
  const second = await sendOrHalve(deps, entries.slice(middle), signal);
  if (second.kind === 'later') return second;
  const reason = first.reason ?? second.reason;
  return {
    kind: 'taken',
    rejected: first.rejected + second.rejected,
    ...(reason === undefined ? {} : { reason }),
  };
}

/** `next` resolves when something may have arrived since it was last asked. */
function followHints(
  logs: Pick<LogStore, 'watch'>,
  signal: AbortSignal,
): { next(): Promise<void>; stop(): void } {
  let isHinted = true;
  let wake = (): void => {};
  const hint = (): void => {
    isHinted = true;
    wake();
  };
  const unwatch = logs.watch(hint);
  const timer = setInterval(hint, lookMs);
  return {
    async next() {
      if (!isHinted && !signal.aborted) {
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        await promise;
      }
      isHinted = false;
    },
    stop() {
      clearInterval(timer);
      unwatch();
      wake();
    },
  };
}
