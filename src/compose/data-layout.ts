import { join } from 'node:path';

/** Where everything lies below the data directory. */
export function dataLayout(dataDirectory: string) {
  const at = (...parts: readonly string[]): string => join(dataDirectory, ...parts);
  return {
    store: at('berth.db'),
    logs: at('logs.db'),
    events: at('events.db'),
    keyFile: at('keys', 'secrets.key'),
    credentials: at('credentials.json'),
    /** There while a restore is under way, or where it was cut off. */
    restoring: at('restoring'),
    sources: at('sources'),
    builds: at('builds'),
    tools: at('tools'),
    run: (plane: 'control' | 'data') => at('run', plane),
    lock: (plane: 'control' | 'data') => at('locks', `${plane}.db`),
  };
}
