import type { LogEntry } from '../core/log-entry.ts';

/** Where entries of logs go to besides Berth's own store. */
export interface LogSink {
  /** Bounded in time. Never throws for what the other side does. */
  send(entries: readonly ExportedEntry[], signal: AbortSignal): Promise<SinkAnswer>;
}

export interface ExportedEntry {
  readonly entry: LogEntry;
  /** Of its Deployment, as long as there is one. */
  readonly deployment?: { readonly key?: string; readonly projectKey: string };
}

export type SinkAnswer =
  /** It has them, but for so many that it will never take. */
  | { readonly kind: 'taken'; readonly rejected: number; readonly reason?: string }
  /** It will not take these entries together, and of one alone: never. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'later'; readonly reason: string; readonly afterMs?: number };
