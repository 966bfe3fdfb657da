import { reject } from '../../core/errors.ts';
import { IssuerFailure } from '../../core/failure.ts';
import type { TokenVerifier, VerifiedToken } from '../../ports/token-verifier.ts';
import { hasScope, type Identity, type OwnScope } from '../commands/identity.ts';

/** Long enough for the signed tokens (JWT) of other issuers. */
const bearerToken = /^Bearer +([^\s]{1,4096})$/i;

/** @throws Rejection `AuthenticationError` without a token, `invalid_token` with a wrong one, `BadGateway` where its issuer does not answer */
export async function authenticate(
  tokens: TokenVerifier,
  authorization: string | undefined,
): Promise<VerifiedToken> {
  const token = bearerToken.exec(authorization ?? '')?.[1];
  // Only where there is none is it asked what was sent instead.
  if (token === undefined && !/^Bearer\b/i.test(authorization ?? ''))
    reject('AuthenticationError', {});
  const verified = token === undefined ? undefined : await verify(tokens, token);
  return verified ?? reject('invalid_token', {});
}

async function verify(tokens: TokenVerifier, token: string): Promise<VerifiedToken | undefined> {
  try {
    return await tokens.verify(token);
  } catch (error) {
    if (error instanceof IssuerFailure) return reject('BadGateway', { text: error.message });
    throw error;
  }
}

/** @throws Rejection `AuthorizationError`; a token of another project is refused the same way (contract §10, row 21) */
export function authorize(
  identity: Identity,
  scopes: readonly OwnScope[],
  projectKey: string,
): void {
  if (!scopes.some((scope) => hasScope(identity, scope, projectKey)))
    reject('AuthorizationError', {});
}
