import type { z } from 'zod';
import type { ServerSentEvent } from '../../wire/server-sent-event.ts';
import { answer, type Route } from './route.ts';

/** What a client follows: something to look at again and again. */
export interface EventStream {
  /** Where the client stands before the first event. */
  readonly id?: string;
  /** Calls back when there may be something new. */
  readonly watch: (hint: () => void) => () => void;
  /** Answers what has come since the look before. */
  readonly look: () => Promise<Look>;
}

export interface Look {
  readonly events: readonly ServerSentEvent[];
  /** How far it went, where that is further than the last event. */
  readonly id?: string;
  /** The next look finds something at once. */
  readonly isMore?: boolean;
  /** Nothing will ever come again. */
  readonly isEnd?: boolean;
}

/** A row of the route table whose answer is a stream of server-sent events, each as `events` describes it. */
export function defineEventStream<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Headers extends z.ZodType,
>(
  row: Pick<
    Route<Params, Query, z.ZodUnknown, Headers>,
    'name' | 'summary' | 'path' | 'scopes' | 'params' | 'query' | 'body' | 'headers'
  > & {
    readonly events: z.ZodType;
    readonly open: (
      ...given: Parameters<Route<Params, Query, z.ZodUnknown, Headers>['handle']>
    ) => Promise<EventStream>;
  },
): Route {
  const { events, open, ...given } = row;
  const route: Route<Params, Query, z.ZodUnknown, Headers> = {
    ...given,
    method: 'GET',
    answers: { 200: events },
    answerType: 'text/event-stream',
    handle: async (...asked) => answer(200, await open(...asked)),
  };
  return route as unknown as Route;
}
