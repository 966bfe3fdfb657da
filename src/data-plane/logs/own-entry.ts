import type { LogEntry } from '../../core/log-entry.ts';

/** What Berth itself says in the log of an application. */
export function ownEntry(
  { deploymentId, applicationName }: Pick<LogEntry, 'deploymentId' | 'applicationName'>,
  timestamp: number,
  text: string,
): LogEntry {
  return {
    type: 'APPLICATION_JSON',
    deploymentId,
    applicationName,
    severity: 'ERROR',
    timestamp,
    details: { severity: 'ERROR', message: `Berth: ${text}` },
  };
}
