import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { reject } from '../../core/errors.ts';

/** Each for a minute; 0 is without a limit. */
export interface RateLimits {
  readonly requestsPerClient: number;
  /** Of one address for one client id. */
  readonly failedLogins: number;
}

/** Counts in the memory of this process; a start begins anew. */
export interface RateLimiter {
  /**
   * Counts a request of a known client, and tells the client where it stands.
   * @throws Rejection `TooManyRequests`, with `Retry-After`
   */
  countRequest(request: FastifyRequest, reply: FastifyReply, client: string): Promise<void>;
  /** True where so many logins have failed that no further one is looked at. `Retry-After` is set then. */
  isLocked(request: FastifyRequest, reply: FastifyReply, login: string): Promise<boolean>;
  countFailedLogin(request: FastifyRequest, login: string): Promise<void>;
}

const windowMs = 60_000;
/** Of each kind, least recently used ones are forgotten first. */
const rememberedKeys = 10_000;

export function addRateLimits(server: FastifyInstance, limits: RateLimits): RateLimiter {
  server.register(rateLimit, { global: false, cache: rememberedKeys });
  const requests = openCounter(server, limits.requestsPerClient);
  const logins = openCounter(server, limits.failedLogins);
  return {
    async countRequest(request, reply, client) {
      const standing = await requests(request, client);
      if (standing === undefined) return;
      reply.headers({
        'ratelimit-limit': standing.max,
        'ratelimit-remaining': standing.remaining,
        'ratelimit-reset': standing.ttlInSeconds,
      });
      if (!standing.isExceeded) return;
      reply.header('retry-after', standing.ttlInSeconds);
      reject('TooManyRequests', {
        text: `More than ${standing.max} requests of this API client within a minute. Try again in ${standing.ttlInSeconds} seconds.`,
      });
    },
    async isLocked(request, reply, login) {
      const standing = await logins(request, loginOf(request, login), { increment: false });
      if (standing === undefined || standing.remaining > 0) return false;
      reply.header('retry-after', standing.ttlInSeconds);
      return true;
    },
    async countFailedLogin(request, login) {
      await logins(request, loginOf(request, login));
    },
  };
}

/** One address alone is not enough: everybody behind a proxy has the same. */
function loginOf(request: FastifyRequest, login: string): string {
  return `${request.ip} ${login.slice(0, 256)}`;
}

function openCounter(server: FastifyInstance, max: number) {
  // The plugin asks for the key of a request, and hands nothing else on.
  const keys = new WeakMap<FastifyRequest, string>();
  let count: ReturnType<FastifyInstance['createRateLimit']> | undefined;
  void server.after(() => {
    count = server.createRateLimit({
      max,
      timeWindow: windowMs,
      keyGenerator: (request) => keys.get(request) ?? request.ip,
    });
  });
  return async (request: FastifyRequest, key: string, options = { increment: true }) => {
    if (max === 0 || count === undefined) return undefined;
    keys.set(request, key);
    const standing = await count(request, options);
    return standing.isAllowed ? undefined : standing;
  };
}
