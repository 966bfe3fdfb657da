import { importPKCS8, SignJWT } from 'jose';
import { BridgeFailure } from '../../../core/failure.ts';
import {
  type Credentials,
  readServiceAccount,
  type ServiceAccount,
  unusable,
} from './credentials.ts';
import { fieldOf, isSuccess, type Send, textOf } from './send.ts';

export interface Tokens {
  /** Who they are for, in words for people. */
  readonly holder: string;
  /** One that should be valid for a while yet. Undefined where none is needed. */
  take(signal: AbortSignal): Promise<string | undefined>;
  /** Called where Google did not accept it. */
  discard(): void;
}

/** A call that begins with a token should end before it expires. */
const marginMs = 120_000;
const lifetimeMs = 3_600_000;

interface Held {
  readonly token: string;
  readonly freshUntil: number;
}

/** @throws Failure where there are no credentials to use */
export async function openTokens(credentials: Credentials, send: Send): Promise<Tokens> {
  switch (credentials.kind) {
    case 'none':
      return { holder: 'nobody', take: async () => undefined, discard: () => undefined };
    case 'metadata':
      return kept('the service account of this machine', (signal) =>
        askMachine(send, credentials.url ?? metadataUrl, signal),
      );
    case 'file': {
      const account = await readServiceAccount(credentials.file);
      const key = await importPKCS8(account.privateKey, 'RS256').catch(() => {
        throw unusable(credentials.file, 'its private key is none');
      });
      return kept(account.email, () => sign(account, key));
    }
    default:
      return credentials satisfies never;
  }
}

/** Asked for once, however many want it. */
function kept(holder: string, renew: (signal: AbortSignal) => Promise<Held>): Tokens {
  let held: Held | undefined;
  return {
    holder,
    async take(signal) {
      if (held === undefined || Date.now() >= held.freshUntil) held = await renew(signal);
      return held.token;
    },
    discard() {
      held = undefined;
    },
  };
}

/** A token that the service account signs itself, for this one API: nobody has to be asked for it. */
async function sign(
  { email, keyId }: ServiceAccount,
  key: Awaited<ReturnType<typeof importPKCS8>>,
): Promise<Held> {
  const now = Date.now();
  const token = await new SignJWT({})
    .setProtectedHeader({
      alg: 'RS256',
      typ: 'JWT',
      ...(keyId === undefined ? {} : { kid: keyId }),
    })
    .setIssuer(email)
    .setSubject(email)
    .setAudience(audience)
    .setIssuedAt(Math.floor(now / 1000))
    .setExpirationTime(Math.floor((now + lifetimeMs) / 1000))
    .sign(key);
  return { token, freshUntil: now + lifetimeMs - marginMs };
}

const audience = 'https://pubsub.googleapis.com/';
const metadataUrl = 'http://metadata.google.internal';

async function askMachine(send: Send, url: string, signal: AbortSignal): Promise<Held> {
  const purpose = 'No access token for Google Pub/Sub';
  const nextStep =
    'Set BERTH_PUBSUB_CREDENTIALS_FILE, or run Berth on a Google machine that has a service account.';
  const askedAt = Date.now();
  const answer = await send({
    purpose,
    method: 'GET',
    url: `${url}/computeMetadata/v1/instance/service-accounts/default/token`,
    headers: { 'metadata-flavor': 'Google' },
    signal,
    timeoutMs: 5_000,
  }).catch((error: unknown) => {
    if (error instanceof BridgeFailure)
      throw new BridgeFailure(error.reason, error.message, { nextStep });
    throw error;
  });
  const token = textOf(answer.body, 'access_token');
  if (isSuccess(answer) && token !== undefined && /^[\x21-\x7e]+$/.test(token)) {
    const seconds = fieldOf(answer.body, 'expires_in');
    const validMs = typeof seconds === 'number' ? seconds * 1000 : 0;
    return { token, freshUntil: askedAt + validMs - marginMs };
  }
  throw new BridgeFailure(
    'refused',
    `${purpose}: the machine answered ${answer.status} without one`,
    { nextStep },
  );
}
