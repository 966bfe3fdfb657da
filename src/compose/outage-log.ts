import type { Logger } from 'pino';
import { StoreUnavailable } from '../core/store-failure.ts';
import type { StoreObserver } from '../drivers/store/postgres/observer.ts';

/** How often at most it is said that the database is away. */
const reminderMs = 30_000;

interface Outage {
  readonly sinceMs: number;
  isSaid: boolean;
  notLogged: number;
}

/**
 * Says that the database went away, now and then that it still is, and that it is back. What everybody else has to say of
 * that meanwhile is counted only: it comes many times a second and tells nothing new.
 */
export class OutageLog implements StoreObserver {
  readonly #now: () => number;
  #logger: Pick<Logger, 'error' | 'warn'> | undefined;
  #outage: Outage | undefined;
  #saidMs = Number.NEGATIVE_INFINITY;

  /** @param now ms since the epoch */
  constructor(now: () => number) {
    this.#now = now;
  }

  logTo(logger: Pick<Logger, 'error' | 'warn'>): void {
    this.#logger = logger;
  }

  /** Whether a line tells nothing but that the database is away. It counts as not logged. */
  isToldAlready(details: unknown): boolean {
    if (this.#outage === undefined || !hasUnavailable(details)) return false;
    this.#outage.notLogged += 1;
    return true;
  }

  failed(error: unknown): void {
    if (!(error instanceof StoreUnavailable)) return;
    const now = this.#now();
    this.#outage ??= { sinceMs: now, isSaid: false, notLogged: 0 };
    // Also where it comes and goes.
    if (now - this.#saidMs < reminderMs) return;
    const message = this.#outage.isSaid ? 'the database is still away' : 'the database went away';
    this.#logger?.error({ ...this.#facts(this.#outage), reason: reasonOf(error) }, message);
    this.#outage.isSaid = true;
    this.#saidMs = now;
  }

  answered(): void {
    const outage = this.#outage;
    if (outage === undefined) return;
    this.#outage = undefined;
    if (outage.isSaid) this.#logger?.warn(this.#facts(outage), 'the database is back');
  }

  #facts({ sinceMs, notLogged }: Outage) {
    return { awaySeconds: Math.round((this.#now() - sinceMs) / 1000), notLogged };
  }
}

function hasUnavailable(details: unknown): boolean {
  return (
    typeof details === 'object' &&
    details !== null &&
    'err' in details &&
    details.err instanceof StoreUnavailable
  );
}

/** Of several addresses that were tried only the code is left. */
function reasonOf({ cause }: StoreUnavailable): string {
  if (!(cause instanceof Error)) return String(cause);
  if (cause.message !== '') return cause.message;
  return 'code' in cause ? String(cause.code) : cause.name;
}
