import type { z } from 'zod';
import type { EventBroker } from '../../ports/event-broker.ts';
import type { LogStore } from '../../ports/log-store.ts';
import type { CommandDependencies } from '../commands/dependencies.ts';
import type { Identity, OwnScope } from '../commands/identity.ts';

export interface ApiDependencies extends CommandDependencies {
  readonly logs: LogStore;
  readonly events: EventBroker;
  /** Events are taken without a token. */
  readonly openPublishing: boolean;
}

/** One row of the route table: everything the server must know before the handler runs. */
export interface Route<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
> {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** With `:name` for a parameter. */
  readonly path: string;
  /** Any one of them is enough (contract §1). */
  readonly scopes: readonly OwnScope[];
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly handle: (
    deps: ApiDependencies,
    request: {
      readonly identity: Identity;
      readonly projectKey: string;
      readonly params: z.output<Params>;
      readonly query: z.output<Query>;
      readonly body: z.output<Body>;
    },
  ) => Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Checks the row's types against each other, then forgets them: the table holds rows of many types. */
export function defineRoute<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
>(route: Route<Params, Query, Body>): Route {
  return route as unknown as Route;
}
