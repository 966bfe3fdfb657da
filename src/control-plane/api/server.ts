import { randomUUID } from 'node:crypto';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { Actor } from '../../core/audit-log.ts';
import { apiError, Rejection, reject } from '../../core/errors.ts';
import type { VerifiedToken } from '../../ports/token-verifier.ts';
import { printRejection } from '../../wire/error-response.ts';
import { idempotencyKeyOf } from '../../wire/idempotency-key.ts';
import { noBody, nothing } from '../../wire/parameters.ts';
import { parse } from '../../wire/parse.ts';
import { auditedStore } from '../audit-log/audited-store.ts';
import { admit } from './admit.ts';
import { answerNoRequest } from './answer-no-request.ts';
import { answerOnce, type RepeatableRequest } from './answer-once.ts';
import { discardBody } from './discard-body.ts';
import type { EventStream } from './event-stream.ts';
import { openEventStreams, type StreamLimits } from './event-streams.ts';
import { addPublishing } from './events/publish.ts';
import { addHealth } from './health.ts';
import { addOAuth } from './oauth/add-oauth.ts';
import { addOpenApi } from './openapi/add-openapi.ts';
import { addReference } from './openapi/add-reference.ts';
import { addRateLimits, type RateLimiter, type RateLimits } from './rate-limits.ts';
import { readJson } from './read-json.ts';
import type { ApiDependencies, Foretell, Route } from './route.ts';
import { routes } from './routes.ts';
import { openRunningRequests } from './running-requests.ts';
import { openWaitSlots } from './wait-slots.ts';

export const bodyLimitBytes = 1024 * 1024;
const correlationHeader = 'x-correlation-id';
const waitingAtOnce = 100;

/** The route table as an HTTP server. Handlers know no framework; only what is not a resource gets the instance. */
export function createApiServer(
  {
    streamLimits,
    ...given
  }: Omit<ApiDependencies, 'waitSlots' | 'runningRequests'> & {
    readonly streamLimits: StreamLimits;
  },
  rateLimits: RateLimits,
  logger: FastifyBaseLogger,
): FastifyInstance {
  const deps = {
    ...given,
    waitSlots: openWaitSlots(waitingAtOnce),
    runningRequests: openRunningRequests(),
  };
  const stopping = new AbortController();
  const server = Fastify({
    loggerInstance: logger,
    logController: new Fastify.LogController({ disableRequestLogging: true }),
    bodyLimit: bodyLimitBytes,
    requestTimeout: 120_000,
    routerOptions: { maxParamLength: 1024, ignoreTrailingSlash: true },
    genReqId: (request) => correlationId(request.headers[correlationHeader]),
    frameworkErrors: (error, request, reply) => {
      const rejection = new Rejection(apiError('InvalidPathParam', { detail: error.message }));
      // A framework error comes before the reply has a type, and before the hooks.
      const untyped = reply as FastifyReply;
      untyped.code(400).header(correlationHeader, request.id);
      void discardBody(request.raw).then(() => untyped.send(printRejection(rejection)));
    },
    clientErrorHandler: answerNoRequest,
    forceCloseConnections: 'idle',
  });
  // Bodies are read as text and parsed below, so that a mistake gets the API's own error.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) =>
    done(null, body),
  );
  server.addHook('onRequest', async (request, reply) => {
    reply.header(correlationHeader, request.id);
  });
  server.setErrorHandler((error, request, reply) => answerError(error, request, reply));
  server.setNotFoundHandler((request, reply) => answerUnknown(request, reply));

  server.addHook('preClose', async () => stopping.abort());
  // A connection that is in use when the server stops would stay open, and the server with it, until its client drops it.
  server.addHook('onSend', async (request, reply) => {
    if (stopping.signal.aborted) reply.header('connection', 'close');
    await discardBody(request.raw);
  });

  const limiter = addRateLimits(server, rateLimits);
  addHealth(server, deps);
  addOAuth(server, deps, limiter);
  addPublishing(server, deps);
  addOpenApi(server, routes);
  addReference(server, routes);
  const streams = openEventStreams(deps, streamLimits);
  const shared = { deps, limiter, streams, stopping: stopping.signal };
  for (const route of routes) addRoute(server, route, shared);
  return server;
}

function addRoute(
  server: FastifyInstance,
  route: Route,
  {
    deps,
    limiter,
    streams,
    stopping,
  }: {
    readonly deps: ApiDependencies;
    readonly limiter: RateLimiter;
    readonly streams: ReturnType<typeof openEventStreams>;
    readonly stopping: AbortSignal;
  },
): void {
  const admitted = new WeakMap<FastifyRequest, VerifiedToken>();
  server.route({
    method: route.method,
    url: route.path,
    async onRequest(request, reply) {
      const given = { request, reply, scopes: route.scopes, projectKey: projectKeyOf(request) };
      admitted.set(request, await admit(deps, limiter, given));
    },
    async handler(request, reply) {
      const identity = admitted.get(request) ?? reject('AuthenticationError', {});
      const projectKey = projectKeyOf(request) ?? identity.projectKey;
      const params = parse(route.params, request.params, 'InvalidPathParam');
      const query = parse(route.query, request.query, 'InvalidQueryParam');
      const body =
        route.method === 'POST' && route.body !== noBody
          ? parse(route.body, readJson(request), 'InvalidJsonInput')
          : undefined;
      const headers = parse(route.headers ?? nothing, request.headers, 'InvalidHeader');
      const signal = AbortSignal.any([stopping, whenGone(reply)]);
      const parsed = { identity, projectKey, params, query, body, headers, signal };
      const asked = {
        actor: actorOf(identity),
        action: route.name,
        correlationId: request.id,
      };
      const run = (its: ApiDependencies, foretell: Foretell) =>
        route.handle({ ...its, store: auditedStore(its, asked) }, { ...parsed, foretell });
      const key = idempotencyKeyOf(headers);
      const answer =
        key === undefined
          ? await run(deps, () => undefined)
          : await answerOnce(deps, repeatable(request, { key, projectKey, identity }), run);
      if (route.answerType === 'text/event-stream') {
        const follower = { request, reply, identity, projectKey, scopes: route.scopes, signal };
        return streams.answer(answer.body as EventStream, follower);
      }
      return reply
        .code(answer.status)
        .headers({ ...answer.headers })
        .send(answer.body);
    },
  });
}

function actorOf({ clientId, subject }: VerifiedToken): Actor {
  return { type: 'client', clientId, ...(subject === undefined ? {} : { subject }) };
}

/** What must be the same when it is sent again. */
function repeatable(
  { method, url, body }: FastifyRequest,
  of: Pick<RepeatableRequest, 'key' | 'projectKey' | 'identity'>,
): RepeatableRequest {
  return { ...of, method, path: url, body: typeof body === 'string' ? body : '' };
}

/** The framework's own `request.signal` fires when a body has been read, or never. */
function whenGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  return gone.signal;
}

/** `/connectors/…` names no project: there it is the token's own (contract §1). */
function projectKeyOf(request: FastifyRequest): string | undefined {
  return (request.params as Record<string, string | undefined>)['projectKey'];
}

function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const rejection = toRejection(error);
  const [{ status, code }] = rejection.errors;
  if (status >= 500) request.log.error({ err: error }, 'a request failed');
  if (status === 401) {
    const reason = code === 'invalid_token' ? ', error="invalid_token"' : '';
    reply.header('www-authenticate', `Bearer realm="berth"${reason}`);
  }
  if (code === 'IdempotencyKeyInUse') reply.header('retry-after', 1);
  return reply.code(status).send(printRejection(rejection));
}

function toRejection(error: unknown): Rejection {
  if (error instanceof Rejection) return error;
  const status = (error as { statusCode?: unknown }).statusCode;
  // The framework's own complaints about a request: too large, unreadable length…
  if (error instanceof Error && typeof status === 'number' && status >= 400 && status < 500) {
    return new Rejection(apiError('InvalidJsonInput', { detail: error.message }));
  }
  return new Rejection(
    apiError('General', { text: 'Internal error. The log of Berth says more.' }),
  );
}

function answerUnknown(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const text = `There is no ${request.method} ${request.url.split('?')[0] ?? ''} in this API`;
  return reply.code(404).send({
    statusCode: 404,
    message: text,
    errors: [{ code: 'ResourceNotFound', message: text }],
  });
}

function correlationId(header: string | string[] | undefined): string {
  return typeof header === 'string' && /^[\w.:-]{1,256}$/.test(header) ? header : randomUUID();
}
