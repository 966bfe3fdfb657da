import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ApiClient } from '../../../ports/store.ts';
import type { Introspection, OAuthError, Token } from '../../../wire/oauth.ts';
import { authenticateClient, issueToken, ownTokens } from '../../commands/tokens.ts';
import type { RateLimiter } from '../rate-limits.ts';
import type { ApiDependencies } from '../route.ts';
import { readCredentials, readForm } from './read-form.ts';

/** Where the official CLI ends up when it logs in with `--region "host:port/"` (contract §8.2). */
const prefixes = ['', '/.commercetools.com'];

/** Contract §8.1: client credentials only. */
export function addOAuth(
  server: FastifyInstance,
  deps: ApiDependencies,
  limiter: RateLimiter,
): void {
  for (const [path, answerTo] of [
    ['oauth/token', answerToken],
    ['oauth/introspect', answerIntrospection],
  ] as const) {
    for (const prefix of prefixes) {
      server.post(`${prefix}/${path}`, async (request, reply) => {
        // RFC 6749 §5.1: tokens stay in no cache.
        reply.headers({ 'cache-control': 'no-store', pragma: 'no-cache' });
        const form = readForm(request);
        const client = await logIn(deps, limiter, { request, reply, form });
        if (client === 'locked')
          return refuse(reply, 429, 'temporarily_unavailable', lockedMessage);
        if (client === undefined) return refuse(reply, 401, 'invalid_client', clientMessage);
        return answerTo(deps, client, form, reply);
      });
    }
  }
}

async function answerToken(
  deps: ApiDependencies,
  client: ApiClient,
  form: URLSearchParams,
  reply: FastifyReply,
) {
  const grant = form.get('grant_type');
  if (grant === null)
    return refuse(reply, 400, 'invalid_request', 'Missing required parameter: grant_type');
  if (grant !== 'client_credentials') {
    return refuse(
      reply,
      400,
      'unsupported_grant_type',
      `Invalid grant type: ${grant.slice(0, 100)}`,
    );
  }
  const asked = (form.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
  const foreign = asked.filter((scope) => !client.scopes.includes(scope));
  if (foreign.length > 0) {
    return refuse(
      reply,
      400,
      'invalid_scope',
      `Permissions exceeded: ${foreign.join(' ').slice(0, 500)}`,
    );
  }
  const scopes = asked.length > 0 ? asked : client.scopes;
  const lifetimeSeconds = deps.tokenLifetimeSeconds;
  return reply.send({
    access_token: await issueToken(deps, client, { scopes, lifetimeSeconds }),
    token_type: 'Bearer',
    expires_in: lifetimeSeconds,
    scope: scopes.join(' '),
  } satisfies Token);
}

/** A client sees the tokens of its own project only. */
async function answerIntrospection(
  deps: ApiDependencies,
  client: ApiClient,
  form: URLSearchParams,
  reply: FastifyReply,
) {
  const token = form.get('token');
  if (token === null)
    return refuse(reply, 400, 'invalid_request', 'Missing required parameter: token');
  const found = await ownTokens(deps).verify(token);
  if (found === undefined || found.projectKey !== client.projectKey)
    return reply.send({ active: false } satisfies Introspection);
  return reply.send({
    active: true,
    scope: found.scopes.join(' '),
    client_id: found.clientId,
    exp: Math.floor(found.expiresAt / 1000),
  } satisfies Introspection);
}

const clientMessage = 'Please provide valid client credentials using HTTP Basic Authentication.';

const lockedMessage =
  'Too many failed logins of this client from this address. Try again in a minute.';

async function logIn(
  { store }: ApiDependencies,
  limiter: RateLimiter,
  {
    request,
    reply,
    form,
  }: {
    readonly request: FastifyRequest;
    readonly reply: FastifyReply;
    readonly form: URLSearchParams;
  },
): Promise<ApiClient | 'locked' | undefined> {
  const candidates = readCredentials(request.headers.authorization, form);
  const login = candidates[0]?.id ?? '';
  if (await limiter.isLocked(request, reply, login)) return 'locked';
  for (const { id, secret } of candidates) {
    const client = await authenticateClient(store, id, secret);
    if (client !== undefined) return client;
  }
  await limiter.countFailedLogin(request, login);
  return undefined;
}

/** commercetools' own form: the envelope of the API and OAuth's fields in one. */
function refuse(
  reply: FastifyReply,
  status: number,
  code: OAuthError['error'],
  message: string,
): FastifyReply {
  if (status === 401) reply.header('www-authenticate', 'Basic realm="berth"');
  return reply.code(status).send({
    statusCode: status,
    message,
    errors: [{ code, message }],
    error: code,
    error_description: message,
  } satisfies OAuthError);
}
