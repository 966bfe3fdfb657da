import type { DeadLetter, DeadSelection } from '../core/dead-letter.ts';

/** Messages for event applications: durable before `publish` answers, at least once, order not promised. */
export interface EventBroker extends AsyncDisposable {
  /**
   * All messages or none.
   * @returns one message id for each message, in order
   * @throws Failure where there are too many or too large ones
   */
  publish(topic: string, messages: readonly NewMessage[], now: number): Promise<readonly string[]>;
  /**
   * Takes what another broker has delivered: all of it, or none. What has come before is taken once, as far as this broker
   * remembers: the last hundred thousand.
   * @throws Failure where there is no room
   */
  receive(topic: string, messages: readonly ReceivedMessage[], now: number): Promise<void>;
  /**
   * Takes messages that are due. Until `leaseUntil` nobody else gets them. Fewer than `limit` are all, unless their data
   * comes to 16 MiB of text or more: of large ones not all are taken at once.
   */
  claim(request: {
    readonly topics: readonly string[];
    readonly limit: number;
    readonly now: number;
    readonly leaseUntil: number;
  }): Promise<readonly ClaimedMessage[]>;
  /** Which of these topics have a message that is due. */
  dueTopics(topics: readonly string[], now: number): Promise<readonly string[]>;
  /** Writes down how deliveries ended. */
  settle(outcomes: readonly DeliveryOutcome[]): Promise<void>;
  /** What died on these topics, newest first. */
  deadLetters(
    topics: readonly string[],
    page: { readonly limit: number; readonly offset: number },
  ): Promise<{ readonly total: number; readonly results: readonly DeadLetter[] }>;
  /**
   * Makes dead messages of a topic due at once, as if they had just been published, first those that died first. In one
   * commit, and so at most as many as one request can publish.
   * @returns which they were, and how many like them are still dead
   */
  redeliver(
    topic: string,
    request: DeadSelection & { readonly limit?: number; readonly now: number },
  ): Promise<{ readonly ids: readonly string[]; readonly remaining: number }>;
  /** Counts per topic, for people and tests. */
  depth(topic: string): Promise<{ readonly waiting: number; readonly dead: number }>;
  /** Forgets a topic and its messages. */
  removeTopic(topic: string): Promise<void>;
  /** Forgets what was published before `before` (ms since the epoch) on all other topics: they may have come back since then. */
  keepTopics(rule: {
    readonly topics: ReadonlySet<string>;
    readonly before: number;
  }): Promise<void>;
  /** Calls back when messages may have become due. Only a hint. Returns the way to stop. */
  watch(hint: () => void): () => void;
}

export interface NewMessage {
  /** Base64. */
  readonly data: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** A message of another broker, as that one knows it. */
export interface ReceivedMessage extends NewMessage {
  readonly origin: Origin;
}

/** What the one who published it first calls it, and when that was (ms since the epoch). */
export interface Origin {
  readonly id: string;
  readonly publishTime: number;
}

export interface ClaimedMessage extends NewMessage {
  /** Of a received message only. */
  readonly origin?: Origin;
  readonly id: string;
  readonly topic: string;
  /** ms since the epoch */
  readonly publishTime: number;
  /** This delivery's number, from 1. */
  readonly attempt: number;
}

/**
 * `attempt` is the delivery's own. A message is acknowledged whichever delivery it was that succeeded; a failure counts
 * only where the message was not claimed again in the meantime.
 */
export type DeliveryOutcome =
  | { readonly id: string; readonly outcome: 'acknowledged' }
  | {
      readonly id: string;
      readonly outcome: 'retry';
      readonly attempt: number;
      readonly at: number;
      readonly reason: string;
    }
  /** It was not even begun, and is due at once as if it had not been claimed. */
  | { readonly id: string; readonly outcome: 'returned'; readonly attempt: number }
  | {
      readonly id: string;
      readonly outcome: 'dead';
      readonly attempt: number;
      readonly at: number;
      readonly reason: string;
    };
