import type { DeadLetter } from '../core/dead-letter.ts';

/** Messages for event applications: durable before `publish` answers, at least once, order not promised. */
export interface EventBroker extends AsyncDisposable {
  /**
   * All messages or none.
   * @returns one message id for each message, in order
   * @throws Failure where there are too many or too large ones
   */
  publish(topic: string, messages: readonly NewMessage[], now: number): Promise<readonly string[]>;
  /** Takes messages that are due. Until `leaseUntil` nobody else gets them. */
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
   * Makes dead messages of a topic due at once, as if they had just been published: those with these ids or, without ids,
   * the oldest, as many as one request can publish.
   * @returns the ids of those that were dead
   */
  redeliver(
    topic: string,
    request: { readonly ids?: readonly string[]; readonly now: number },
  ): Promise<readonly string[]>;
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

export interface ClaimedMessage extends NewMessage {
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
  | {
      readonly id: string;
      readonly outcome: 'dead';
      readonly attempt: number;
      readonly reason: string;
    };
