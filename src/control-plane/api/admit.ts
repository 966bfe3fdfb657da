import type { FastifyReply, FastifyRequest } from 'fastify';
import type { VerifiedToken } from '../../ports/token-verifier.ts';
import { holderOf, type OwnScope } from '../commands/identity.ts';
import { authenticate, authorize } from './authorize.ts';
import type { RateLimiter } from './rate-limits.ts';
import type { ApiDependencies } from './route.ts';

/**
 * Who asks, and whether they may (contract §1), from nothing but the head of the request: of somebody who may not, no body is read.
 * @throws Rejection
 */
export async function admit(
  { tokens }: Pick<ApiDependencies, 'tokens'>,
  limiter: RateLimiter,
  given: {
    readonly request: FastifyRequest;
    readonly reply: FastifyReply;
    readonly scopes: readonly OwnScope[];
    /** The token's own if left out. */
    readonly projectKey: string | undefined;
  },
): Promise<VerifiedToken> {
  const { request, reply, scopes } = given;
  const token = await authenticate(tokens, request.headers.authorization);
  await limiter.countRequest(request, reply, holderOf(token));
  authorize(token, scopes, given.projectKey ?? token.projectKey);
  return token;
}
