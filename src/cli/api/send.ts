import { Failure } from '../../core/failure.ts';

export interface ApiAnswer {
  readonly status: number;
  readonly text: string;
}

const defaultTimeoutMs = 30_000;

/** @throws Failure where nobody answers */
export async function send(
  url: string,
  { timeoutMs = defaultTimeoutMs, ...request }: RequestInit & { readonly timeoutMs?: number },
): Promise<ApiAnswer> {
  try {
    const response = await fetch(url, {
      ...request,
      // Whoever is sent elsewhere would take the secret along.
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { status: response.status, text: await response.text() };
  } catch (cause) {
    throw new Failure(`Berth does not answer at ${new URL(url).origin}: ${reasonOf(cause)}.`, {
      cause,
      nextStep: 'Start it (berth serve), or name where it runs with --api-url.',
    });
  }
}

/** fetch says only that it failed; its cause says why. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  if (cause.message !== '') return cause.message;
  return 'code' in cause ? String(cause.code) : cause.name;
}
