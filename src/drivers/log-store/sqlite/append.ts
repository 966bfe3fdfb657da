import { type CompiledQuery, type Kysely, sql } from 'kysely';
import type { LogEntry } from '../../../core/log-entry.ts';
import type { LogDatabase } from './schema.ts';

/** One parameter and one statement for all entries: that is the least work for the thread that collects them. */
export function compileAppend(
  kysely: Kysely<LogDatabase>,
  entries: readonly LogEntry[],
): CompiledQuery {
  return sql`
    INSERT INTO log_entry (deployment_id, application_name, timestamp, type, severity, details)
    SELECT
      value ->> 'deploymentId', value ->> 'applicationName', CAST(value ->> 'timestamp' AS INTEGER),
      value ->> 'type', value ->> 'severity', value -> 'details'
    FROM json_each(${JSON.stringify(entries)})`.compile(kysely);
}
