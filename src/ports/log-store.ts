import type { LogEntry } from '../core/log-entry.ts';

/** What applications, scripts and requests left behind, for 30 days (contract §5.6). */
export interface LogStore extends AsyncDisposable {
  append(entries: readonly LogEntry[]): Promise<void>;
  /** @throws LogCursorFailure where `after` is no position that a page gave */
  query(query: LogQuery): Promise<LogPage>;
  /** Forgets what is older than `before` (ms) and everything of the deployments listed. */
  prune(rule: { readonly before: number; readonly deployments?: readonly string[] }): Promise<void>;
}

export interface LogQuery {
  readonly deploymentId: string;
  readonly applicationName?: string;
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
