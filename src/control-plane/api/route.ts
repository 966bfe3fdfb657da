import type { z } from 'zod';
import type { SecretMask } from '../../core/configuration.ts';
import type { Builder } from '../../ports/builder.ts';
import type { EventBroker } from '../../ports/event-broker.ts';
import type { LogStore } from '../../ports/log-store.ts';
import type { AnswerBox, Digester } from '../../ports/secret-box.ts';
import type { TokenVerifier } from '../../ports/token-verifier.ts';
import { printEntityTag } from '../../wire/conditions.ts';
import type { nothing } from '../../wire/parameters.ts';
import type { CommandDependencies } from '../commands/dependencies.ts';
import type { Identity, OwnScope } from '../commands/identity.ts';
import type { RunningRequests } from './running-requests.ts';
import type { WaitSlots } from './wait-slots.ts';

export interface ApiDependencies extends CommandDependencies {
  /** Only to say what a build would do: builds are operations'. */
  readonly builder: Pick<Builder, 'foresee'>;
  readonly logs: LogStore;
  readonly events: EventBroker;
  /** Shows secrets in the audit log. */
  readonly digester: Digester;
  /** How secured values are shown. */
  readonly secretMask: SecretMask;
  /** Events are taken without a token. */
  readonly openPublishing: boolean;
  readonly waitSlots: WaitSlots;
  readonly runningRequests: RunningRequests;
  readonly answers: AnswerBox;
  readonly tokens: TokenVerifier;
  /** Of those that Berth issues. */
  readonly tokenLifetimeSeconds: number;
}

/** One row of the route table: everything the server and the documentation must know of an endpoint. */
export interface Route<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Headers extends z.ZodType = z.ZodType,
  Answers extends AnswerSchemas = AnswerSchemas,
> {
  /** Verb and noun: `getDeployment`. The `operationId` of the API's description. */
  readonly name: string;
  /** One line for people. */
  readonly summary: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** With `:name` for a parameter. */
  readonly path: string;
  /** Any one of them is enough (contract §1). */
  readonly scopes: readonly OwnScope[];
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** Request headers that mean something here, by their lower-case names; none if left out. */
  readonly headers?: Headers;
  /** The bodies of its good answers, by status. */
  readonly answers: Answers;
  /** JSON if left out. The body of a stream is an `EventStream`, and `answers` describes one of its events. */
  readonly answerType?: 'text/event-stream';
  /** A POST that only reads: it leaves nothing in the audit log, and a repeat of it is a new question. */
  readonly readsOnly?: true;
  readonly handle: (
    deps: ApiDependencies,
    request: {
      readonly identity: Identity;
      readonly projectKey: string;
      readonly params: z.output<Params>;
      readonly query: z.output<Query>;
      readonly body: z.output<Body>;
      readonly headers: z.output<Headers>;
      /** Fires when the client has gone or the server stops: nobody waits any more. Made when it is asked for. */
      readonly signal: () => AbortSignal;
      readonly foretell: Foretell;
    },
  ) => Promise<Answer<Answers>>;
}

/**
 * Says, before the commit, what it will be answered, where that cannot be told from the changes. It is kept for a repeat
 * of the request.
 */
export type Foretell = (answer: Answer) => void;

export type AnswerHeaders = Readonly<Record<string, string>>;

type AnswerSchemas = Readonly<Record<number, z.ZodType>>;

export type Answer<Answers extends AnswerSchemas = AnswerSchemas> = {
  readonly [Status in keyof Answers & number]: {
    readonly status: Status;
    readonly body: z.input<Answers[Status]>;
    readonly headers?: AnswerHeaders;
  };
}[keyof Answers & number];

/** Keeps the status a literal, so that the row's types can tell which body belongs to it. */
export function answer<const Status extends number, Body>(
  status: Status,
  body: Body,
  headers: AnswerHeaders = {},
) {
  return { status, body, headers };
}

/** With the entity tag that `If-Match` takes. It stands for the version, and not for what happens in the background. */
export function answerVersioned<
  const Status extends number,
  Body extends { readonly version: number },
>(status: Status, body: Body, headers: AnswerHeaders = {}) {
  return answer(status, body, { ...headers, etag: printEntityTag(body) });
}

/** Checks the row's types against each other, then forgets them: the table holds rows of many types. */
export function defineRoute<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  const Answers extends AnswerSchemas,
  Headers extends z.ZodType = typeof nothing,
>(route: Route<Params, Query, Body, Headers, Answers>): Route {
  return route as unknown as Route;
}
