import type { LogEntry, Severity } from '../core/log-entry.ts';
import type { NamedSecret } from '../core/redaction.ts';

/** What applications, scripts and requests left behind, for 30 days (contract §5.6). */
export interface LogStore extends AsyncDisposable {
  append(entries: readonly LogEntry[]): Promise<void>;
  /**
   * Keeps what applications have printed, all of it or nothing: cut into lines, read and rid of secrets by the store, away from the
   * caller's event loop. Entries arrive in the order of what is given, those of one application for sure.
   */
  collect(items: readonly CollectedLogs[]): Promise<void>;
  /** @throws LogCursorFailure where `after` is no position that a page gave */
  query(query: LogQuery): Promise<LogPage>;
  /**
   * What has arrived after a position, in the order of arrival: an entry may come long after the moment that it tells of, and
   * is not missed.
   * @throws LogCursorFailure where `after` is no position of arrivals
   */
  follow(query: LogFollowQuery): Promise<LogArrivals>;
  /** Before the first arrival of what is not older than `from` (ms); behind everything without it. Good for `follow`. */
  position(of: { readonly deploymentId: string; readonly from?: number }): Promise<string>;
  /** Places that somebody who follows everything has come to, by the name of whoever follows. They go with the logs into backups. */
  readonly places: LogPlaces;
  /** Calls back after any append, of this process or another. A hint: follow to see what it was. */
  watch(hint: () => void): () => void;
  /** Forgets what is older than `before` (ms), some of it up to ten seconds later, and everything of the deployments listed. */
  prune(rule: { readonly before: number; readonly deployments?: readonly string[] }): Promise<void>;
}

/** An entry that holds no secrets any more, or output as it came. */
export type CollectedLogs = LogEntry | PrintedEntry | LogOutput;

/** An entry whose details are JSON already, on one line. */
export interface PrintedEntry extends Omit<LogEntry, 'details'> {
  readonly details: string;
}

export interface LogOutput {
  readonly deploymentId: string;
  readonly applicationName: string;
  /** When it came, ms since the epoch. */
  readonly timestamp: number;
  /** Whole lines, each but the last with a line end behind it. */
  readonly output: string;
  /** To be taken out. */
  readonly secrets: readonly NamedSecret[];
}

export interface LogQuery {
  readonly deploymentId: string;
  readonly applicationName?: string;
  /** Any of them; all if left out. */
  readonly severities?: readonly Severity[];
  /** Milliseconds since the epoch, both inclusive. */
  readonly from: number;
  readonly to: number;
  /** Continue after this position, as a page gave it. */
  readonly after?: string;
  readonly limit: number;
}

export interface LogPage {
  /** Oldest first. */
  readonly entries: readonly LogEntry[];
  /** Where the next page begins, or undefined at the end. */
  readonly next?: string;
}

export interface LogFollowQuery {
  /** Left out: of all, and whatever was forgotten is counted. */
  readonly deploymentId?: string;
  readonly applicationName?: string;
  /** Any of them; all if left out. */
  readonly severities?: readonly Severity[];
  /** Milliseconds since the epoch, inclusive. */
  readonly from?: number;
  readonly after: string;
  readonly limit: number;
}

export interface LogArrivals {
  /** Each with the position behind it. */
  readonly arrivals: readonly { readonly entry: LogEntry; readonly position: string }[];
  /** Where to go on: also past what the query does not want. */
  readonly next: string;
  /** There may be more already. */
  readonly isMore: boolean;
  /** Of all deployments: how many entries between `after` and `next` were forgotten before anybody came here. */
  readonly forgotten: number;
}

export interface LogPlaces {
  /** Undefined for a name that has none yet. */
  get(name: string): Promise<string | undefined>;
  put(name: string, position: string): Promise<void>;
}
