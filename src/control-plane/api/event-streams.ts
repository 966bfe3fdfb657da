import type { FastifyReply, FastifyRequest } from 'fastify';
import { Rejection } from '../../core/errors.ts';
import type { VerifiedToken } from '../../ports/token-verifier.ts';
import { holderOf } from '../commands/identity.ts';
import { authenticate, authorize } from './authorize.ts';
import type { EventStream } from './event-stream.ts';
import type { ApiDependencies, Route } from './route.ts';
import { type StreamTimes, sendEvents } from './send-events.ts';
import { openStreamSlots } from './stream-slots.ts';

export interface StreamLimits extends StreamTimes {
  /** Streams that are open at the same time. */
  readonly atOnce: number;
  /** The same for one API client. */
  readonly perClient: number;
}

export const streamLimits: StreamLimits = {
  atOnce: 200,
  perClient: 20,
  heartbeatMs: 15_000,
  lifetimeMs: 30 * 60_000,
  stalledMs: 30_000,
  recheckMs: 2000,
};
const tryAgainSeconds = 10;

interface Asked {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly identity: VerifiedToken;
  readonly projectKey: string;
  readonly scopes: Route['scopes'];
  readonly signal: AbortSignal;
}

/** Answers with streams, as many as there may be. */
export function openEventStreams(
  { tokens }: Pick<ApiDependencies, 'tokens'>,
  limits: StreamLimits,
): { answer(stream: EventStream, asked: Asked): Promise<FastifyReply> } {
  const slots = openStreamSlots(limits);
  return {
    async answer(stream, asked) {
      const { request, reply, identity, signal } = asked;
      if (request.method === 'HEAD') return reply.headers(heads).send();
      using _slot = takeSlot(slots, reply, holderOf(identity));
      reply.hijack();
      reply.raw.writeHead(200, { ...(reply.getHeaders() as Record<string, string>), ...heads });
      await sendEvents(reply.raw, stream, {
        times: limits,
        signal,
        isAllowed: () => isStillAllowed(tokens, asked),
        onError: (error) => request.log.error({ reqId: request.id, err: error }, 'a stream failed'),
      });
      return reply;
    },
  };
}

const heads = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // nginx would collect events before it passes them on.
  'x-accel-buffering': 'no',
  // A stream ends with its connection, so that nobody keeps one open for it.
  connection: 'close',
};

function takeSlot(
  slots: ReturnType<typeof openStreamSlots>,
  reply: FastifyReply,
  client: string,
): Disposable {
  try {
    return slots.take(client);
  } catch (error) {
    reply.header('retry-after', tryAgainSeconds);
    throw error;
  }
}

/** The token may have expired, or its API client be gone. Where its issuer cannot say now, what it said before counts. */
async function isStillAllowed(
  tokens: ApiDependencies['tokens'],
  { request, scopes, projectKey }: Asked,
): Promise<boolean> {
  try {
    authorize(await authenticate(tokens, request.headers.authorization), scopes, projectKey);
    return true;
  } catch (error) {
    if (error instanceof Rejection) return error.errors[0].code === 'BadGateway';
    throw error;
  }
}
