import type { Generated } from 'kysely';
import type { Migration } from '../../sqlite/migrate.ts';

export interface BrokerDatabase {
  message: {
    id: Generated<number>;
    topic: string;
    /** ms since the epoch, as all times */
    published_at: number;
    /** From when it may be claimed: the end of its lease, or the time of the next attempt. */
    due_at: number;
    attempt: Generated<number>;
    /** Size of its data. */
    bytes: number;
    /** Set where nobody will deliver it any more. */
    dead_at: number | null;
    /** Why the last delivery failed. */
    reason: string | null;
  };
  /** Apart from the message, so that a claim does not write it again. */
  message_body: {
    message_id: number;
    data: string;
    /** JSON */
    attributes: string;
    /** JSON. Null of what was published here. */
    origin: string | null;
  };
  /** The last that came from another broker, which may deliver it again. */
  received: {
    number: Generated<number>;
    topic: string;
    origin_id: string;
  };
}

export const migrations: readonly Migration[] = [
  {
    number: 1,
    name: 'messages',
    sql: `
      CREATE TABLE message (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        topic TEXT NOT NULL,
        published_at INTEGER NOT NULL,
        due_at INTEGER NOT NULL,
        attempt INTEGER NOT NULL DEFAULT 0,
        bytes INTEGER NOT NULL,
        dead_at INTEGER,
        reason TEXT
      ) STRICT;
      CREATE TABLE message_body (
        message_id INTEGER PRIMARY KEY REFERENCES message (id) ON DELETE CASCADE,
        data TEXT NOT NULL,
        attributes TEXT NOT NULL
      ) STRICT;
      CREATE INDEX message_due ON message (topic, due_at) WHERE dead_at IS NULL;
      CREATE INDEX message_age ON message (published_at) WHERE dead_at IS NULL;
      CREATE INDEX message_dead ON message (dead_at) WHERE dead_at IS NOT NULL;
      CREATE INDEX message_topic ON message (topic, dead_at);`,
  },
  {
    number: 2,
    name: 'received messages',
    sql: `
      ALTER TABLE message_body ADD COLUMN origin TEXT;
      CREATE TABLE received (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        topic TEXT NOT NULL,
        origin_id TEXT NOT NULL,
        UNIQUE (topic, origin_id)
      ) STRICT;`,
  },
  {
    number: 3,
    name: 'dead messages by topic',
    // Only the dead: what waits is found by when it is due, and each index is written twice for every message.
    sql: `
      DROP INDEX message_topic;
      CREATE INDEX message_dead_topic ON message (topic, dead_at) WHERE dead_at IS NOT NULL;`,
  },
];
