import { IssuerFailure } from '../../../core/failure.ts';
import type { VerifiedToken } from '../../../ports/token-verifier.ts';

/** Not every issuer says when a token ends; it is asked again before that anyway. */
const assumedLifetimeMs = 60_000;
const suffixedScope = /^[a-z_]{1,100}:([a-zA-Z0-9_-]{2,36})$/;

/**
 * RFC 7662 §2.2. The project is what the scopes say (contract §1), so a token without one project is good for nothing here.
 * @throws IssuerFailure where the answer is none
 */
export function readAnswer(answer: unknown, now: number): VerifiedToken | undefined {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) throw noAnswer();
  const { active, scope, client_id, sub, exp } = answer as Readonly<Record<string, unknown>>;
  if (typeof active !== 'boolean') throw noAnswer();
  if (!active || typeof scope !== 'string') return undefined;
  const expiresAt = typeof exp === 'number' ? exp * 1000 : now + assumedLifetimeMs;
  const scopes = scope.split(' ').filter((one) => suffixedScope.test(one));
  const [projectKey, ...others] = new Set(scopes.map((one) => suffixedScope.exec(one)?.[1] ?? ''));
  if (projectKey === undefined || others.length > 0 || expiresAt <= now) return undefined;
  const holder = [client_id, sub].find((one) => typeof one === 'string' && one !== '');
  return {
    clientId: String(holder ?? 'unknown').slice(0, 256),
    ...(typeof sub === 'string' && sub !== '' ? { subject: sub.slice(0, 256) } : {}),
    projectKey,
    scopes,
    expiresAt,
  };
}

function noAnswer(): IssuerFailure {
  return new IssuerFailure('What the issuer of this access token answers cannot be read.');
}
