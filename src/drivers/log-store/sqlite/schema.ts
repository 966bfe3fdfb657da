import type { Generated } from 'kysely';
import type { Migration } from '../../sqlite/migrate.ts';

export interface LogDatabase {
  /** Entries of one application that came together: they share what finding them costs. */
  log_block: {
    /** The position of its first entry. None is given again: SQLite's own counter stands at that of the last one. */
    id: Generated<number>;
    deployment_id: string;
    application_name: string;
    /** ms since the epoch, of the earliest and the latest entry. */
    first_at: number;
    last_at: number;
    /** A bit for each severity that may be in it. */
    severities: number;
    entry_count: number;
    /** Of each a line: a JSON array, or what was printed (`block.ts`). Empty where a file has them. */
    entries: string;
    /** Its name in the folder of blocks, and where in it the entries are (`block-files.ts`). */
    file: string | null;
    file_from: number | null;
    file_bytes: number | null;
  };
  log_place: { name: string; position: number };
}

/** The indexes of time hold all that decides whether a block must be read. */
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
  {
    number: 3,
    name: 'blocks of entries',
    sql: `
      CREATE TABLE log_block (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        deployment_id TEXT NOT NULL,
        application_name TEXT NOT NULL,
        first_at INTEGER NOT NULL,
        last_at INTEGER NOT NULL,
        severities INTEGER NOT NULL,
        entry_count INTEGER NOT NULL,
        entries TEXT NOT NULL
      ) STRICT;
      INSERT INTO log_block (id, deployment_id, application_name, first_at, last_at, severities, entry_count, entries)
        SELECT id, deployment_id, application_name, timestamp, timestamp,
          CASE severity
            WHEN 'DEFAULT' THEN 1 WHEN 'DEBUG' THEN 2 WHEN 'INFO' THEN 4 WHEN 'NOTICE' THEN 8 WHEN 'WARNING' THEN 16
            WHEN 'ERROR' THEN 32 WHEN 'CRITICAL' THEN 64 WHEN 'ALERT' THEN 128 ELSE 256 END,
          1, json_array(timestamp, severity, json(details), type)
        FROM log_entry WHERE deployment_id != '';
      DELETE FROM sqlite_sequence WHERE name = 'log_block';
      INSERT INTO sqlite_sequence (name, seq) SELECT 'log_block', coalesce(max(id), 0) FROM log_entry;
      DROP TABLE log_entry;
      CREATE TABLE log_place (name TEXT PRIMARY KEY, position INTEGER NOT NULL) STRICT;
      CREATE INDEX log_block_time ON log_block
        (deployment_id, first_at, id, last_at, application_name, severities, entry_count);
      CREATE INDEX log_block_application ON log_block
        (deployment_id, application_name, first_at, id, last_at, severities, entry_count);
      CREATE INDEX log_block_severe ON log_block
        (deployment_id, first_at, id, last_at, application_name, severities, entry_count) WHERE severities >= 16;
      CREATE INDEX log_block_arrival ON log_block
        (deployment_id, id, last_at, application_name, severities, entry_count);
      CREATE INDEX log_block_age ON log_block (first_at, last_at);`,
  },
  {
    number: 4,
    name: 'output as it was printed',
    sql: '-- In blocks: a version that cannot read it must not open the file.',
  },
  {
    number: 5,
    name: 'blocks in files',
    sql: `
      ALTER TABLE log_block ADD COLUMN file TEXT;
      ALTER TABLE log_block ADD COLUMN file_from INTEGER;
      ALTER TABLE log_block ADD COLUMN file_bytes INTEGER;
      CREATE INDEX log_block_file ON log_block (file, file_bytes) WHERE file IS NOT NULL;`,
  },
];
