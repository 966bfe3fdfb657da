import type { LogEntry, Severity } from '../../core/log-entry.ts';
import type { RequestLog } from '../gateway/request-log.ts';
import type { FinishedRun } from '../jobs/job-runner.ts';
import type { PushAttempt } from '../push/deliver.ts';

/** Contract §5.6: what the official CLI prints, and the rest of Google's own object. */
export function requestEntry(entry: RequestLog): LogEntry {
  return {
    type: 'HTTP_REQUEST',
    deploymentId: entry.route.deploymentId,
    applicationName: entry.route.applicationName,
    severity: severityOf(entry.status),
    timestamp: entry.timestamp,
    details: {
      requestMethod: entry.method,
      requestUrl: entry.url,
      status: entry.status,
      userAgent: entry.userAgent ?? '',
      requestSize: entry.requestSize,
      responseSize: entry.responseSize,
      remoteIp: entry.remoteIp,
      latency: printLatency(entry.latencyMs),
      protocol: entry.protocol,
    },
  };
}

/** The platform's own calls do not pass the gateway, but they are requests too. */
export function pushEntry(attempt: PushAttempt): LogEntry {
  const { topic, messageId, attempt: deliveryAttempt } = attempt;
  return platformCall(attempt, 'Berth-Event-Push', { topic, messageId, deliveryAttempt });
}

export function jobEntry(run: FinishedRun): LogEntry {
  return platformCall(run, 'Berth-Job-Scheduler', {
    runId: run.id,
    scheduledFor: new Date(run.scheduledFor).toISOString(),
  });
}

function platformCall(
  call: {
    readonly deploymentId: string;
    readonly applicationName: string;
    readonly endpoint: string;
    readonly startedAt: number;
    readonly finishedAt: number;
    readonly status?: number;
    readonly error?: string;
  },
  userAgent: string,
  more: Readonly<Record<string, unknown>>,
): LogEntry {
  return {
    type: 'HTTP_REQUEST',
    deploymentId: call.deploymentId,
    applicationName: call.applicationName,
    severity: call.status === undefined ? 'ERROR' : severityOf(call.status),
    timestamp: call.startedAt,
    details: {
      requestMethod: 'POST',
      requestUrl: call.endpoint,
      ...(call.status === undefined ? { status: 0, error: call.error } : { status: call.status }),
      userAgent,
      latency: printLatency(call.finishedAt - call.startedAt),
      ...more,
    },
  };
}

function printLatency(ms: number): string {
  return `${(ms / 1000).toFixed(3)}s`;
}

function severityOf(status: number): Severity {
  if (status >= 500) return 'ERROR';
  return status >= 400 ? 'WARNING' : 'INFO';
}
