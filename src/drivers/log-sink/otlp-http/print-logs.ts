import type { LogEntry, Severity } from '../../../core/log-entry.ts';
import type { ExportedEntry } from '../../../ports/log-sink.ts';

/** OTLP 1.x, ExportLogsServiceRequest as JSON: names in camel case, 64-bit numbers as text. */
export interface LogsRequest {
  readonly resourceLogs: readonly ResourceLogs[];
}

interface ResourceLogs {
  readonly resource: { readonly attributes: readonly KeyValue[] };
  readonly scopeLogs: readonly {
    readonly scope: { readonly name: string };
    readonly logRecords: readonly LogRecord[];
  }[];
}

interface LogRecord {
  readonly timeUnixNano: string;
  readonly observedTimeUnixNano: string;
  readonly severityNumber: number;
  readonly severityText: Severity;
  readonly body: AnyValue;
  readonly attributes: readonly KeyValue[];
}

interface KeyValue {
  readonly key: string;
  readonly value: AnyValue;
}

type AnyValue =
  | { readonly stringValue: string }
  | { readonly boolValue: boolean }
  | { readonly intValue: string }
  | { readonly doubleValue: number }
  | { readonly arrayValue: { readonly values: readonly AnyValue[] } }
  | { readonly kvlistValue: { readonly values: readonly KeyValue[] } }
  /** Null. */
  | Readonly<Record<string, never>>;

/** One resource for each application of a Deployment. */
export function printLogs(entries: readonly ExportedEntry[]): LogsRequest {
  const byApplication = Map.groupBy(
    entries,
    ({ entry }) => `${entry.deploymentId}/${entry.applicationName}`,
  );
  return { resourceLogs: [...byApplication.values()].map(printResource) };
}

function printResource(entries: readonly ExportedEntry[]): ResourceLogs {
  const [first] = entries;
  const deployment = entries.findLast((one) => one.deployment !== undefined)?.deployment;
  return {
    resource: {
      attributes: printAttributes({
        'service.name': first?.entry.applicationName,
        'service.namespace': deployment?.projectKey,
        'berth.deployment.id': first?.entry.deploymentId,
        'berth.deployment.key': deployment?.key,
        'berth.project.key': deployment?.projectKey,
      }),
    },
    scopeLogs: [
      { scope: { name: 'berth' }, logRecords: entries.map(({ entry }) => printRecord(entry)) },
    ],
  };
}

function printRecord(entry: LogEntry): LogRecord {
  const time = `${entry.timestamp}000000`;
  return {
    timeUnixNano: time,
    observedTimeUnixNano: time,
    severityNumber: severityNumbers[entry.severity],
    severityText: entry.severity,
    ...printContent(entry),
  };
}

function printContent({ type, details }: LogEntry): Pick<LogRecord, 'body' | 'attributes'> {
  const of = { 'berth.log.type': type };
  switch (type) {
    case 'APPLICATION_JSON':
      return { body: printValue(details), attributes: printAttributes(of) };
    case 'APPLICATION_TEXT': {
      const { message, ...more } = details;
      return { body: printValue(message), attributes: printAttributes({ ...of, ...more }) };
    }
    case 'HTTP_REQUEST':
      return {
        body: {
          stringValue: [details['requestMethod'], details['requestUrl'], details['status']].join(
            ' ',
          ),
        },
        attributes: printAttributes({ ...of, ...requestAttributes(details) }),
      };
  }
}

/** The semantic conventions of OpenTelemetry for HTTP, and what they have no name for below `berth.`. */
function requestAttributes(details: LogEntry['details']): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(details).map(([name, value]) => [
      requestAttributeNames.get(name) ?? `berth.request.${name}`,
      value,
    ]),
  );
}

const requestAttributeNames: ReadonlyMap<string, string> = new Map([
  ['requestMethod', 'http.request.method'],
  ['requestUrl', 'url.full'],
  ['status', 'http.response.status_code'],
  ['userAgent', 'user_agent.original'],
  ['requestSize', 'http.request.size'],
  ['responseSize', 'http.response.size'],
  ['remoteIp', 'client.address'],
]);

/** Google's scale is that of syslog, and so is its row in OpenTelemetry's table. */
const severityNumbers: Readonly<Record<Severity, number>> = {
  DEFAULT: 0,
  DEBUG: 5,
  INFO: 9,
  NOTICE: 10,
  WARNING: 13,
  ERROR: 17,
  CRITICAL: 18,
  ALERT: 19,
  EMERGENCY: 21,
};

function printAttributes(values: Readonly<Record<string, unknown>>): readonly KeyValue[] {
  return Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: printValue(value) }],
  );
}

function printValue(value: unknown): AnyValue {
  switch (typeof value) {
    case 'string':
      return { stringValue: value };
    case 'boolean':
      return { boolValue: value };
    case 'number':
      return printNumber(value);
    case 'object':
      return printObject(value);
    default:
      return {};
  }
}

function printNumber(value: number): AnyValue {
  if (Number.isSafeInteger(value)) return { intValue: String(value) };
  return Number.isFinite(value) ? { doubleValue: value } : { stringValue: String(value) };
}

function printObject(value: object | null): AnyValue {
  if (value === null) return {};
  if (Array.isArray(value)) return { arrayValue: { values: value.map(printValue) } };
  const values = Object.entries(value).map(([key, item]) => ({ key, value: printValue(item) }));
  return { kvlistValue: { values } };
}
