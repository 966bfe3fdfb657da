/** Google Cloud Logging's scale, which the API uses (contract §5.6). */
export const severities = [
  'DEFAULT',
  'DEBUG',
  'INFO',
  'NOTICE',
  'WARNING',
  'ERROR',
  'CRITICAL',
  'ALERT',
  'EMERGENCY',
] as const;
export type Severity = (typeof severities)[number];

export const logEntryTypes = ['HTTP_REQUEST', 'APPLICATION_TEXT', 'APPLICATION_JSON'] as const;

export interface LogEntry {
  readonly type: (typeof logEntryTypes)[number];
  readonly deploymentId: string;
  readonly applicationName: string;
  readonly severity: Severity;
  /** ms since the epoch */
  readonly timestamp: number;
  readonly details: Readonly<Record<string, unknown>>;
}
