import { createRedactor, type Redactor } from '../../../core/redaction.ts';
import type { LogSink, SinkAnswer } from '../../../ports/log-sink.ts';
import { printLogs } from './print-logs.ts';

export interface OtlpOptions {
  /** The collector's base URL. */
  readonly endpoint: string;
  /** In no message. */
  readonly headers: Readonly<Record<string, string>>;
  /** Bound of each request, its answer included. */
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 30_000;
const maxAnswerBytes = 64 * 1024;
const maxReasonCharacters = 300;

/** OTLP over HTTP, as JSON (https://opentelemetry.io/docs/specs/otlp). */
export function openOtlpSink(options: OtlpOptions): LogSink {
  const { endpoint, headers, timeoutMs = defaultTimeoutMs } = options;
  const secrets = Object.entries(headers).map(([key, value]) => ({ key, value }));
  const redactor = createRedactor(secrets);
  return {
    async send(entries, signal) {
      try {
        const response = await fetch(`${endpoint}/v1/logs`, {
          method: 'POST',
          headers: { ...headers, 'content-type': 'application/json' },
          body: JSON.stringify(printLogs(entries)),
          // Followed, a redirect would take the headers wherever it points.
          redirect: 'error',
          signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
        });
        return readAnswer(response, await readBounded(response), redactor);
      } catch (error) {
        // Without its text: it may repeat a header.
        return { kind: 'later', reason: `The collector ${silenceOf(error)}.` };
      }
    },
  };
}

/** Too large, or not understood: a part of it may be taken. */
const refusals: readonly number[] = [400, 413, 415, 422];

function readAnswer(
  { ok, status, headers }: Response,
  text: string,
  redactor: Redactor,
): SinkAnswer {
  const body = parseObject(text);
  if (ok) return readSuccess(body, redactor);
  const said = shorten(body?.['message'], redactor);
  const reason = `The collector answered with HTTP ${status}${said === undefined ? '.' : `: ${said}`}`;
  if (refusals.includes(status)) return { kind: 'refused', reason };
  const afterMs = readRetryAfter(headers.get('retry-after'));
  return { kind: 'later', reason, ...(afterMs === undefined ? {} : { afterMs }) };
}

/** A partial success is one: what was rejected must not be sent again. */
function readSuccess(body: JsonObject | undefined, redactor: Redactor): SinkAnswer {
  const partial = asObject(body?.['partialSuccess']);
  const rejected = Number(partial?.['rejectedLogRecords'] ?? 0);
  const reason = shorten(partial?.['errorMessage'], redactor);
  return {
    kind: 'taken',
    rejected: Number.isSafeInteger(rejected) ? Math.max(0, rejected) : 0,
    ...(reason === undefined ? {} : { reason }),
  };
}

type JsonObject = Readonly<Record<string, unknown>>;

function parseObject(text: string): JsonObject | undefined {
  try {
    return asObject(JSON.parse(text));
  } catch {
    // A proxy's page, or nothing at all.
    return undefined;
  }
}

function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null ? { ...value } : undefined;
}

function shorten(text: unknown, redactor: Redactor): string | undefined {
  if (typeof text !== 'string' || text === '') return undefined;
  return redactor.text(text).slice(0, maxReasonCharacters).toWellFormed();
}

/** Seconds, or a date. */
function readRetryAfter(text: string | null): number | undefined {
  if (text === null) return undefined;
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxAnswerBytes) break;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function silenceOf(error: unknown): string {
  const isSlow = error instanceof Error && error.name === 'TimeoutError';
  return isSlow ? 'does not answer in time' : 'cannot be reached';
}
