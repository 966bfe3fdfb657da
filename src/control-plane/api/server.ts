import { randomUUID } from 'node:crypto';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyReply } from 'fastify';
import { apiError, Rejection } from '../../core/errors.ts';
import { printRejection } from '../../wire/error-response.ts';
import { addRoute } from './add-route.ts';
import { answerError, answerUnknown } from './answer-error.ts';
import { answerNoRequest } from './answer-no-request.ts';
import { discardBody, isReadOut } from './discard-body.ts';
import { openEventStreams, type StreamLimits } from './event-streams.ts';
import { addPublishing } from './events/publish.ts';
import { addHealth } from './health.ts';
import { addOAuth } from './oauth/add-oauth.ts';
import { addOpenApi } from './openapi/add-openapi.ts';
import { addReference } from './openapi/add-reference.ts';
import { buildDocument } from './openapi/document.ts';
import { addRateLimits, type RateLimits } from './rate-limits.ts';
import { openRequestSignals } from './request-signals.ts';
import type { ApiDependencies } from './route.ts';
import { routes } from './routes.ts';
import { openRunningRequests } from './running-requests.ts';
import { openWaitSlots } from './wait-slots.ts';

export const bodyLimitBytes = 1024 * 1024;
const correlationHeader = 'x-correlation-id';
const waitingAtOnce = 100;

/** Routes have schemas of their own (`src/wire`). Fastify would load its compilers for none, and they take some megabytes. */
const refuseSchema = (): never => {
  throw new Error('A schema that Fastify is to compile belongs into src/wire');
};
const noCompilers = { buildValidator: () => refuseSchema, buildSerializer: () => refuseSchema };

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
    // One for each request, for the few that have something to say, costs more than to name it there.
    childLoggerFactory: (parent) => parent,
    schemaController: { compilersFactory: noCompilers },
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
  server.addHook('onRequest', (request, reply, done) => {
    reply.header(correlationHeader, request.id);
    done();
  });
  server.setErrorHandler((error, request, reply) => answerError(error, request, reply));
  server.setNotFoundHandler((request, reply) => answerUnknown(request, reply));

  server.addHook('preClose', async () => stopping.abort());
  // A connection that is in use when the server stops would stay open, and the server with it, until its client drops it.
  server.addHook('onSend', (request, reply, _payload, done) => {
    if (stopping.signal.aborted) reply.header('connection', 'close');
    if (isReadOut(request.raw)) done();
    else void discardBody(request.raw).then(() => done());
  });

  const limiter = addRateLimits(server, rateLimits);
  addHealth(server, deps);
  addOAuth(server, deps, limiter);
  addPublishing(server, deps);
  const document = buildDocument(routes);
  addOpenApi(server, document);
  addReference(server, document);
  const streams = openEventStreams(deps, streamLimits);
  const signalOf = openRequestSignals(stopping.signal);
  const shared = { deps, limiter, streams, signalOf };
  server.decorateRequest('admitted', undefined);
  for (const route of routes) addRoute(server, route, shared);
  return server;
}

function correlationId(header: string | string[] | undefined): string {
  return typeof header === 'string' && /^[\w.:-]{1,256}$/.test(header) ? header : randomUUID();
}
