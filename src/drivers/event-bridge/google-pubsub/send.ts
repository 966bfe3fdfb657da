import { BridgeFailure } from '../../../core/failure.ts';

/** One bounded request. Any status is an answer; only silence, and too much, is a failure. */
export type Send = (request: OutgoingRequest) => Promise<Answer>;

export interface OutgoingRequest {
  /** What does not succeed if this fails: the beginning of the message. */
  readonly purpose: string;
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
}

export interface Answer {
  readonly status: number;
  /** Parsed JSON, or undefined for anything else. */
  readonly body: unknown;
  /** What Google says of an error. */
  readonly message: string | undefined;
}

const defaultTimeoutMs = 15_000;
/** The largest message takes a fifth of it. */
const defaultMaxAnswerBytes = 64 * 1024 * 1024;
const maxMessageCharacters = 500;

export function createSender({
  maxAnswerBytes = defaultMaxAnswerBytes,
}: {
  readonly maxAnswerBytes?: number | undefined;
}): Send {
  return async (request) => {
    const { purpose, method, url, headers, json, timeoutMs = defaultTimeoutMs } = request;
    try {
      const response = await fetch(url, {
        method,
        headers: { 'content-type': 'application/json', ...headers },
        // Followed, a redirect would take the token wherever it points.
        redirect: 'manual',
        signal: AbortSignal.any([request.signal, AbortSignal.timeout(timeoutMs)]),
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      });
      const body = parseJson(await readBounded(response, maxAnswerBytes));
      return { status: response.status, body, message: messageOf(body) };
    } catch (error) {
      request.signal.throwIfAborted();
      throw explainSilence(purpose, url, error, timeoutMs);
    }
  };
}

export function isSuccess({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}

/** A field of an answer, whatever it is. */
export function fieldOf(body: unknown, name: string): unknown {
  if (typeof body !== 'object' || body === null) return undefined;
  return Object.getOwnPropertyDescriptor(body, name)?.value;
}

export function textOf(body: unknown, name: string): string | undefined {
  const value = fieldOf(body, name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function listOf(body: unknown, name: string): readonly unknown[] {
  const value = fieldOf(body, name);
  return Array.isArray(value) ? value : [];
}

class TooLong extends Error {}

async function readBounded(response: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new TooLong(`answered with more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // An error page of something in between; its status says enough.
    return undefined;
  }
}

/** `{"error": {"message": …}}` of the API, `error_description` of whoever gives out tokens. */
function messageOf(body: unknown): string | undefined {
  const error = fieldOf(body, 'error');
  const text =
    textOf(error, 'message') ?? textOf(body, 'error_description') ?? textOf(body, 'error');
  return text?.replace(/\s+/g, ' ').slice(0, maxMessageCharacters).toWellFormed();
}

/** Without the error itself as cause: its text may repeat headers, and those hold a token. */
function explainSilence(
  purpose: string,
  url: string,
  error: unknown,
  timeoutMs: number,
): BridgeFailure {
  const host = URL.parse(url)?.host ?? url;
  if (error instanceof TooLong)
    return new BridgeFailure('too-large', `${purpose}: ${host} ${error.message}`);
  return new BridgeFailure('unavailable', `${purpose}: ${host} ${reasonOf(error, timeoutMs)}`, {
    nextStep: `Check that this machine reaches ${host}, and BERTH_PUBSUB_ENDPOINT if it is set.`,
  });
}

function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return 'could not be reached';
  if (error.name === 'TimeoutError') return `did not answer within ${timeoutMs} ms`;
  const code = textOf(error.cause, 'code') ?? textOf(error, 'code');
  return code === undefined ? 'could not be reached' : `could not be reached (${code})`;
}
