import { ProjectApiFailure } from '../../../core/failure.ts';

/** One bounded request. Any status is an answer; only silence, and too much, is a failure. */
export type Send = (request: OutgoingRequest) => Promise<Answer>;

export interface OutgoingRequest {
  /** What does not succeed if this fails: the beginning of the message. */
  readonly purpose: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** What must be in no message even where the platform repeats it. */
  readonly secrets: readonly string[];
}

export interface Answer {
  readonly status: number;
  /** Parsed JSON, or undefined for anything else. */
  readonly body: unknown;
  /** What the platform says of an error, without the request's secrets. */
  readonly message: string | undefined;
}

const defaultTimeoutMs = 15_000;
const maxAnswerBytes = 256 * 1024;
const maxMessageCharacters = 500;

interface SenderOptions {
  readonly fetch?: typeof fetch;
  readonly timeoutMs?: number;
  readonly clientSecret: string;
}

export function createSender(options: SenderOptions): Send {
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  const ask = options.fetch ?? fetch;

  return async ({ purpose, method, url, headers, body, secrets }) => {
    try {
      const response = await ask(url, {
        method,
        headers: { accept: 'application/json', ...headers },
        // Followed, a redirect would take the credentials wherever it points.
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
        ...(body === undefined ? {} : { body }),
      });
      const parsed = parseJson(await readBounded(response));
      const message = hide(messageOf(parsed), [options.clientSecret, ...secrets]);
      return { status: response.status, body: parsed, message };
    } catch (error) {
      throw unreachable(purpose, url, error, timeoutMs);
    }
  };
}

export function isSuccess({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}

/** A text field of an answer. */
export function field(body: unknown, name: string): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const value: unknown = Object.getOwnPropertyDescriptor(body, name)?.value;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

class TooLong extends Error {}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxAnswerBytes) throw new TooLong(`more than ${maxAnswerBytes} bytes`);
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

/** The API says `message`, OAuth servers may say `error_description` or just `error`. */
function messageOf(body: unknown): string | undefined {
  return field(body, 'message') ?? field(body, 'error_description') ?? field(body, 'error');
}

function hide(message: string | undefined, secrets: readonly string[]): string | undefined {
  return secrets
    .filter((secret) => secret !== '')
    .reduce((text, secret) => text?.replaceAll(secret, '********'), message)
    ?.replace(/\s+/g, ' ')
    .slice(0, maxMessageCharacters)
    .toWellFormed();
}

/** Without the error itself as cause: its text may repeat headers, and those hold credentials. */
function unreachable(
  purpose: string,
  url: string,
  error: unknown,
  timeoutMs: number,
): ProjectApiFailure {
  const host = URL.parse(url)?.host ?? 'the platform';
  return new ProjectApiFailure(`${purpose}: ${host} ${reasonOf(error, timeoutMs)}`, {
    nextStep:
      'Check BERTH_PLATFORM_API_URL and BERTH_PLATFORM_AUTH_URL, and that this machine reaches them.',
  });
}

function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return 'could not be reached';
  if (error.name === 'TimeoutError') return `did not answer within ${timeoutMs} ms`;
  if (error instanceof TooLong) return `answered with ${error.message}`;
  const code = codeOf(error.cause) ?? codeOf(error);
  return code === undefined ? 'could not be reached' : `could not be reached (${code})`;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error ? field(error, 'code') : undefined;
}
