import { IssuerFailure } from '../../../core/failure.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { TokenVerifier, VerifiedToken } from '../../../ports/token-verifier.ts';
import { readAnswer } from './read-answer.ts';
import { rememberAnswers } from './remember-answers.ts';

export interface IntrospectionOptions {
  /** The issuer's introspection endpoint (RFC 7662). */
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly clock: Clock;
  /** Bound of each question, its answer included. */
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 10_000;
const maxAnswerBytes = 64 * 1024;
/** More would only wait behind these, and each of them keeps a request open. */
const questionsAtOnce = 50;

/**
 * Access tokens of another issuer, such as commercetools itself. What it says of a token is believed for a short while, so a token
 * that is revoked there works here up to a minute longer.
 */
export function openIntrospection(options: IntrospectionOptions): TokenVerifier {
  let asking = 0;
  const ask = async (token: string): Promise<VerifiedToken | undefined> => {
    if (asking >= questionsAtOnce)
      throw new IssuerFailure('Too many access tokens wait for what their issuer says. Try again.');
    asking += 1;
    try {
      return readAnswer(await introspect(options, token), options.clock.now());
    } finally {
      asking -= 1;
    }
  };
  return { verify: rememberAnswers(ask, options.clock) };
}

async function introspect(options: IntrospectionOptions, token: string): Promise<unknown> {
  const { url, clientId, clientSecret, timeoutMs = defaultTimeoutMs } = options;
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        accept: 'application/json',
        authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
      },
      body: new URLSearchParams({ token }),
      // Followed, a redirect would take token and secret wherever it points.
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await readBounded(response);
    if (!response.ok) throw new IssuerFailure(`${cannotSay} (HTTP ${response.status})`);
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof IssuerFailure) throw error;
    // Without the error as cause: it may repeat headers, and those hold the secret.
    throw new IssuerFailure(`${cannotSay} (${reasonOf(error)})`);
  }
}

const cannotSay = 'The issuer of this access token does not say whether it is valid. Try again';

function reasonOf(error: unknown): string {
  if (error instanceof SyntaxError) return 'its answer is no JSON';
  if (error instanceof RangeError) return 'its answer is too long';
  return error instanceof Error && error.name === 'TimeoutError'
    ? 'it took too long'
    : 'it cannot be reached';
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxAnswerBytes) throw new RangeError();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
