import { join } from 'node:path';

export interface DataLayout {
  readonly root: string;
  /** What names it to a database outside. */
  readonly id: string;
  readonly store: string;
  readonly logs: string;
  readonly events: string;
  readonly keyFile: string;
  readonly credentials: string;
  /** There while a restore is under way, or where it was cut off. */
  readonly restoring: string;
  readonly sources: string;
  readonly builds: string;
  readonly tools: string;
  /** Of everything that has a seat. */
  readonly runs: string;
  run(seat: string): string;
  /** Of a seat, or of work that one process does for all. */
  lock(of: string): string;
}

/** Where everything lies below the data directory. */
export function dataLayout(dataDirectory: string): DataLayout {
  const at = (...parts: readonly string[]): string => join(dataDirectory, ...parts);
  return {
    root: dataDirectory,
    id: at('data-directory.id'),
    store: at('berth.db'),
    logs: at('logs.db'),
    events: at('events.db'),
    keyFile: at('keys', 'secrets.key'),
    credentials: at('credentials.json'),
    restoring: at('restoring'),
    sources: at('sources'),
    builds: at('builds'),
    tools: at('tools'),
    run: (seat) => at('run', seat),
    runs: at('run'),
    lock: (of) => at('locks', `${of}.db`),
  };
}
