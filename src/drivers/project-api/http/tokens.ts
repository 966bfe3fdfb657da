import { ProjectApiFailure } from '../../../core/failure.ts';
import { explain } from './explain.ts';
import { type Answer, field, isSuccess, type Send } from './send.ts';

export interface Tokens {
  /** A token that should be valid for a while yet; asked for once, however many want it. */
  take(): Promise<string>;
  /** Called where the platform did not accept it. */
  discard(token: string): void;
}

/** A call that begins with a token should end before it expires. */
const marginMs = 60_000;

interface Held {
  readonly token: string;
  readonly freshUntil: number;
}

interface Credentials {
  readonly authUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

export function createTokens(send: Send, credentials: Credentials): Tokens {
  let held: Held | undefined;
  let asking: Promise<Held> | undefined;

  const renew = async (): Promise<Held> => {
    asking ??= requestToken(send, credentials).finally(() => {
      asking = undefined;
    });
    held = await asking;
    return held;
  };

  return {
    async take() {
      const fresh = held !== undefined && Date.now() < held.freshUntil ? held : await renew();
      return fresh.token;
    },
    discard(token) {
      if (held?.token === token) held = undefined;
    },
  };
}

const purpose = 'No access token for the commercetools platform';

async function requestToken(send: Send, credentials: Credentials): Promise<Held> {
  const { authUrl, clientId, clientSecret } = credentials;
  const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
  const askedAt = Date.now();
  const answer = await send({
    purpose,
    method: 'POST',
    url: `${authUrl.replace(/\/+$/, '')}/oauth/token`,
    headers: {
      authorization: `Basic ${basic}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: 'grant_type=client_credentials',
    secrets: [basic],
  });
  if (!isSuccess(answer)) throw explain(purpose, answer, stepFor(answer));
  return { token: readToken(answer), freshUntil: askedAt + lifetimeMs(answer) - marginMs };
}

function readToken({ body }: Answer): string {
  const token = field(body, 'access_token');
  // Anything but visible characters could not be sent in a header.
  if (token !== undefined && /^[\x21-\x7e]+$/.test(token)) return token;
  throw new ProjectApiFailure(`${purpose}: the answer holds none`, { nextStep: checkUrl });
}

/** Nothing said counts as used up: then every call asks for its own. */
function lifetimeMs({ body }: Answer): number {
  const seconds: unknown =
    typeof body === 'object' && body !== null && 'expires_in' in body ? body.expires_in : 0;
  return typeof seconds === 'number' && Number.isFinite(seconds) ? seconds * 1000 : 0;
}

const checkUrl = 'Check that BERTH_PLATFORM_AUTH_URL is the OAuth server of the platform.';

function stepFor({ status }: Answer): string {
  if (status === 400 || status === 401 || status === 403)
    return 'Check BERTH_PLATFORM_CLIENT_ID and BERTH_PLATFORM_CLIENT_SECRET.';
  return status === 429 || status >= 500 ? 'Try again later.' : checkUrl;
}
