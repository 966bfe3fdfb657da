import type { Generated } from 'kysely';
import type { LogEntry } from '../../../core/log-entry.ts';
import type { Migration } from '../../sqlite/migrate.ts';

export interface LogDatabase {
  log_entry: {
    id: Generated<number>;
    deployment_id: string;
    application_name: string;
    /** ms since the epoch */
    timestamp: number;
    type: LogEntry['type'];
    severity: LogEntry['severity'];
    /** JSON */
    details: string;
  };
}

/** An index ends with the row's id by itself, so both give the order of a page. */
export const migrations: readonly Migration[] = [
  {
    number: 1,
    name: 'log entries',
    sql: `
      CREATE TABLE log_entry (
        id INTEGER PRIMARY KEY,
        deployment_id TEXT NOT NULL,
        application_name TEXT NOT NULL,
        timestamp INTEGER NOT NULL,
        type TEXT NOT NULL,
        severity TEXT NOT NULL,
        details TEXT NOT NULL
      ) STRICT;
      CREATE INDEX log_entry_deployment ON log_entry (deployment_id, timestamp);
      CREATE INDEX log_entry_application ON log_entry (deployment_id, application_name, timestamp);
      CREATE INDEX log_entry_timestamp ON log_entry (timestamp);`,
  },
  {
    number: 2,
    name: 'entries of a deployment by arrival',
    sql: 'CREATE INDEX log_entry_arrival ON log_entry (deployment_id);',
  },
];
