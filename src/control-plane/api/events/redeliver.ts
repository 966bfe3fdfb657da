import type { FastifyRequest } from 'fastify';
import { type Redelivered, redeliverSchema } from '../../../wire/dead-letter.ts';
import { parse } from '../../../wire/parse.ts';
import { readJson } from '../read-json.ts';
import type { ApiDependencies } from '../route.ts';

const defaultLimit = 1000;

/**
 * Contract §10, row 29. In as many commits as it takes, so that nobody who publishes has to wait long. What dies meanwhile is
 * not taken once more, and so it ends. Asked for again it does nothing more: it needs no `Idempotency-Key`.
 */
export async function redeliver(
  { events, clock }: Pick<ApiDependencies, 'events' | 'clock'>,
  topic: string,
  request: FastifyRequest,
): Promise<Redelivered> {
  const {
    messageIds,
    limit = defaultLimit,
    ...range
  } = parse(redeliverSchema, readJson(request), 'InvalidJsonInput');
  const chosen = {
    diedUntil: clock.now() + 1,
    ...range,
    ...(messageIds === undefined ? {} : { ids: messageIds }),
  };
  const done: string[] = [];
  for (;;) {
    const { ids, remaining } = await events.redeliver(topic, {
      ...chosen,
      limit: limit - done.length,
      now: clock.now(),
    });
    done.push(...ids);
    if (ids.length === 0 || remaining === 0 || done.length >= limit)
      return { messageIds: done, remaining };
  }
}
