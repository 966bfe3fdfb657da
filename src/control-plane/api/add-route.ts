import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Actor } from '../../core/audit-log.ts';
import { reject } from '../../core/errors.ts';
import type { VerifiedToken } from '../../ports/token-verifier.ts';
import { idempotencyKeyOf } from '../../wire/idempotency-key.ts';
import { noBody, nothing } from '../../wire/parameters.ts';
import { parse } from '../../wire/parse.ts';
import { auditedStore } from '../audit-log/audited-store.ts';
import { admit } from './admit.ts';
import { answerOnce, type RepeatableRequest } from './answer-once.ts';
import type { EventStream } from './event-stream.ts';
import type { openEventStreams } from './event-streams.ts';
import type { RateLimiter } from './rate-limits.ts';
import { readJson } from './read-json.ts';
import type { openRequestSignals } from './request-signals.ts';
import type { ApiDependencies, Foretell, Route } from './route.ts';

/** A row of the route table as an endpoint: who asks, what was sent, what the handler says to it. */
export function addRoute(
  server: FastifyInstance,
  route: Route,
  {
    deps,
    limiter,
    streams,
    signalOf,
  }: {
    readonly deps: ApiDependencies;
    readonly limiter: RateLimiter;
    readonly streams: ReturnType<typeof openEventStreams>;
    readonly signalOf: ReturnType<typeof openRequestSignals>;
  },
): void {
  server.route({
    method: route.method,
    url: route.path,
    async onRequest(request, reply) {
      const given = { request, reply, scopes: route.scopes, projectKey: projectKeyOf(request) };
      request.admitted = await admit(deps, limiter, given);
    },
    async handler(request, reply) {
      const identity = request.admitted ?? reject('AuthenticationError', {});
      const projectKey = projectKeyOf(request) ?? identity.projectKey;
      const signal = () => signalOf(reply);
      const sent = parseRequest(route, request);
      const parsed = { identity, projectKey, ...sent, signal };
      const asked = { actor: actorOf(identity), action: route.name, correlationId: request.id };
      const run = (its: ApiDependencies, foretell: Foretell) =>
        route.handle({ ...its, store: auditedStore(its, asked) }, { ...parsed, foretell });
      const key = idempotencyKeyOf(sent.headers);
      const answer =
        key === undefined
          ? await run(deps, () => undefined)
          : await answerOnce(deps, repeatable(request, { key, projectKey, identity }), run);
      if (route.answerType === 'text/event-stream') {
        const follower = {
          request,
          reply,
          identity,
          projectKey,
          scopes: route.scopes,
          signal: signal(),
        };
        return streams.answer(answer.body as EventStream, follower);
      }
      reply.code(answer.status).headers({ ...answer.headers });
      if (typeof answer.body !== 'object' || answer.body === null) return reply.send(answer.body);
      // To return the reply itself would be to wait until it is sent.
      reply.type('application/json; charset=utf-8');
      return jsonOf(answer.body);
    },
  });
}

/** By body: some are answered again and again, and JSON is a good part of their cost. */
const printed = new WeakMap<object, string>();

function jsonOf(body: object): string {
  const known = printed.get(body);
  const json = known ?? JSON.stringify(body);
  if (known === undefined) printed.set(body, json);
  return json;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose request it is, once it may be answered. */
    admitted: VerifiedToken | undefined;
  }
}

function parseRequest(route: Route, request: FastifyRequest) {
  const readsBody = route.method === 'POST' && route.body !== noBody;
  return {
    params: parse(route.params, request.params, 'InvalidPathParam'),
    query: parse(route.query, request.query, 'InvalidQueryParam'),
    body: readsBody ? parse(route.body, readJson(request), 'InvalidJsonInput') : undefined,
    headers: parse(route.headers ?? nothing, request.headers, 'InvalidHeader'),
  };
}

function actorOf({ clientId, issuer, subject }: VerifiedToken): Actor {
  return {
    type: 'client',
    clientId,
    ...(issuer === undefined ? {} : { issuer }),
    ...(subject === undefined ? {} : { subject }),
  };
}

/** What must be the same when it is sent again. */
function repeatable(
  { method, url, body }: FastifyRequest,
  of: Pick<RepeatableRequest, 'key' | 'projectKey' | 'identity'>,
): RepeatableRequest {
  return { ...of, method, path: url, body: typeof body === 'string' ? body : '' };
}

/** `/connectors/…` names no project: there it is the token's own (contract §1). */
function projectKeyOf(request: FastifyRequest): string | undefined {
  return (request.params as Record<string, string | undefined>)['projectKey'];
}
