import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ApiClient } from '../../../ports/store.ts';
import type { Introspection, OAuthError, Token } from '../../../wire/oauth.ts';
import {
  authenticateClient,
  identify,
  issueToken,
  tokenLifetimeSeconds,
} from '../../commands/tokens.ts';
import type { ApiDependencies } from '../route.ts';
import { readBasic, readForm } from './read-form.ts';

/** Where the official CLI ends up when it logs in with `--region "host:port/"` (contract §8.2). */
const prefixes = ['', '/.commercetools.com'];

/** Contract §8.1: client credentials only. */
export function addOAuth(server: FastifyInstance, deps: ApiDependencies): void {
  for (const prefix of prefixes) {
    server.post(`${prefix}/oauth/token`, (request, reply) => answerToken(deps, request, reply));
    server.post(`${prefix}/oauth/introspect`, (request, reply) =>
      answerIntrospection(deps, request, reply),
    );
  }
}

async function answerToken(deps: ApiDependencies, request: FastifyRequest, reply: FastifyReply) {
  const form = readForm(request);
  const client = await authenticated(deps, request, form);
  if (client === undefined) return refuse(reply, 401, 'invalid_client', clientMessage);
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
  return reply.send({
    access_token: await issueToken(deps, client, scopes),
    token_type: 'Bearer',
    expires_in: tokenLifetimeSeconds,
    scope: scopes.join(' '),
  } satisfies Token);
}

/** A client sees the tokens of its own project only. */
async function answerIntrospection(
  deps: ApiDependencies,
  request: FastifyRequest,
  reply: FastifyReply,
) {
  const form = readForm(request);
  const client = await authenticated(deps, request, form);
  if (client === undefined) return refuse(reply, 401, 'invalid_client', clientMessage);
  const token = form.get('token');
  if (token === null)
    return refuse(reply, 400, 'invalid_request', 'Missing required parameter: token');
  const found = await identify(deps, token);
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

async function authenticated(
  { store }: ApiDependencies,
  request: FastifyRequest,
  form: URLSearchParams,
): Promise<ApiClient | undefined> {
  const basic = readBasic(request.headers.authorization);
  const id = basic?.id ?? form.get('client_id');
  const secret = basic?.secret ?? form.get('client_secret');
  return id === null || secret === null ? undefined : authenticateClient(store, id, secret);
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
