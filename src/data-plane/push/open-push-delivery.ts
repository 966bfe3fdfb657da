import { defaultBackoff } from '../../core/retry-policy.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ClaimedMessage, EventBroker } from '../../ports/event-broker.ts';
import type { Logger } from '../../ports/logger.ts';
import type { Caller } from '../connections/callee.ts';
import { openKeptConnections } from '../connections/kept-connections.ts';
import { createAhead, overdueMs } from './ahead.ts';
import { type ClaimDeps, claimDue } from './claim-due.ts';
import { deliver, type PushAttempt } from './deliver.ts';
import { createPump } from './pump.ts';
import type { PushSubscription } from './push-subscription.ts';
import { createSettlements } from './settlements.ts';
import { createSlots } from './slots.ts';
import { createWakeUps } from './wake-ups.ts';

export type { PushAttempt, PushSubscription };

export interface PushDeliveryOptions {
  readonly broker: EventBroker;
  readonly clock: Clock;
  /** Without an answer for so long, a message is due again. */
  readonly ackDeadlineMs?: number;
  /** A request is given up after so long, late or not. */
  readonly requestLimitMs?: number;
  /** Deliveries under way for one topic. */
  readonly concurrency?: number;
  /** For subscriptions without a policy of their own. */
  readonly firstRetryMs?: number;
  /** A lost hint costs no more than this. */
  readonly pollMs?: number;
  /** How long closing waits for requests under way. */
  readonly drainMs?: number;
  readonly call: Caller;
  /** Called while messages are due for an application that sleeps. */
  readonly onAwaited: (subscription: PushSubscription) => void;
  /** Called when a delivery is over. */
  readonly onAttempt?: (attempt: PushAttempt) => void;
  readonly logger?: Logger;
}

/** Brings messages to event applications, at least once each, in no promised order. */
export interface PushDelivery extends AsyncDisposable {
  /** From now on exactly these. What is under way goes on. */
  applySubscriptions(list: readonly PushSubscription[]): void;
}

/** Requests that are late go on and take no slot; but only so many for each that is in time. */
const lateFactor = 4;
const soonMs = 2;

export function openPushDelivery(options: PushDeliveryOptions): PushDelivery {
  const { broker, clock, logger, concurrency = 16, ackDeadlineMs = 10_000 } = options;
  const slots = createSlots({ inTime: concurrency, inAll: concurrency * lateFactor });
  const settlements = createSettlements(broker, logger);
  const ahead = createAhead(() => performance.now(), concurrency);
  const connections = openKeptConnections({
    // Half of them may rest just after an answer.
    waiting: 2 * concurrency,
    answerMs: options.requestLimitMs ?? 5 * 60_000,
  });
  const stop = new AbortController();
  const underWay = new Set<Promise<void>>();
  let subscriptions: ReadonlyMap<string, PushSubscription> = new Map();
  let closed = false;

  const begin = async (message: ClaimedMessage): Promise<void> => {
    const subscription = subscriptions.get(message.topic);
    const call = closed || subscription === undefined ? undefined : options.call(subscription);
    if (call === undefined || subscription === undefined) {
      giveBack([message]);
      return;
    }
    const slot = slots.enter(message.topic);
    const attempt = await deliver(
      {
        clock,
        connections,
        ackDeadlineMs,
        defaultBackoff: { ...defaultBackoff, minMs: options.firstRetryMs ?? defaultBackoff.minMs },
        signal: stop.signal,
        settle(outcome) {
          settlements.add(outcome);
          if (outcome.outcome === 'retry') wakeUps.at(outcome.at);
        },
        onLate() {
          slot.answerLate();
          goOn(message.topic);
        },
      },
      message,
      { subscription, address: call.address },
    );
    slot.leave();
    call.over();
    ahead.ended(message.topic);
    goOn(message.topic);
    report(attempt);
  };
  const take = (message: ClaimedMessage): void => {
    if (slots.free(message.topic) > 0) track(underWay, begin(message));
    else {
      ahead.hold(message);
      overdue ??= setTimeout(returnOverdue, overdueMs);
    }
  };
  /** There is a slot: for what is held, else for what is due. */
  const goOn = (topic: string): void => {
    const next = ahead.next(topic);
    if (next !== undefined) take(next);
    if (roomOf(topic) >= (concurrency + ahead.wanted(topic)) / 2) pump();
    else if (ahead.held(topic) === 0) claimSoon();
  };
  const roomOf = (topic: string): number =>
    slots.free(topic) + Math.max(0, ahead.wanted(topic) - ahead.held(topic));
  const giveBack = (messages: readonly ClaimedMessage[]): void => {
    for (const { id, attempt } of messages) settlements.add({ id, outcome: 'returned', attempt });
  };
  let overdue: NodeJS.Timeout | undefined;
  const returnOverdue = (): void => {
    overdue = undefined;
    giveBack(ahead.takeOverdue());
    if (!ahead.isEmpty) overdue = setTimeout(returnOverdue, overdueMs);
  };
  /** Many at once: a claim is a commit, and where messages are quick half of the slots are free in a moment. */
  let soon: NodeJS.Timeout | undefined;
  const claimSoon = (): void => {
    soon ??= setTimeout(() => {
      soon = undefined;
      pump();
    }, soonMs);
  };
  const report = (attempt: PushAttempt): void => {
    try {
      options.onAttempt?.(attempt);
    } catch (error) {
      logger?.error({ error }, 'a delivery could not be reported');
    }
  };

  const topicsWhere = (holds: (subscription: PushSubscription) => boolean): readonly string[] =>
    [...subscriptions.values()].filter(holds).map(({ topic }) => topic);
  const wakeSleepers = async (): Promise<void> => {
    const topics = topicsWhere(({ sleeps }) => sleeps);
    if (topics.length === 0) return;
    for (const topic of await broker.dueTopics(topics, clock.now())) {
      const subscription = subscriptions.get(topic);
      if (subscription?.sleeps) options.onAwaited(subscription);
    }
  };
  const claims: ClaimDeps = {
    ...{ broker, clock, settlements, ackDeadlineMs, roomOf, take },
    topics: () => topicsWhere(isReachable),
    isClosed: () => closed,
  };
  const failed = (error: unknown): void => {
    logger?.error({ error }, 'messages could not be claimed');
  };
  const pump = createPump(() => claimDue(claims), failed);
  // On its own: what runs and has a backlog claims without end, and nobody who sleeps may wait for that.
  const wake = createPump(wakeSleepers, failed);
  const both = (): void => {
    wake();
    pump();
  };
  const wakeUps = createWakeUps(() => clock.now(), options.pollMs ?? 1_000, both);
  const unwatch = broker.watch(both);

  return {
    applySubscriptions(list) {
      subscriptions = new Map(list.map((one) => [one.topic, one]));
      connections.keep(list.flatMap(({ instances }) => instances));
      giveBack(ahead.keep(new Set(topicsWhere(isReachable))));
      both();
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      unwatch();
      wakeUps.stop();
      clearTimeout(soon);
      const deadline = setTimeout(() => {
        stop.abort();
        connections[Symbol.dispose]();
      }, options.drainMs ?? 10_000);
      await Promise.all([pump.idle(), wake.idle()]);
      clearTimeout(overdue);
      giveBack(ahead.keep(new Set()));
      await Promise.all(underWay);
      clearTimeout(deadline);
      connections[Symbol.dispose]();
      await settlements.flush();
    },
  };
}

function isReachable({ instances }: PushSubscription): boolean {
  return instances.length > 0;
}

function track(underWay: Set<Promise<void>>, work: Promise<void>): void {
  const tracked = work.finally(() => underWay.delete(tracked));
  underWay.add(tracked);
}
