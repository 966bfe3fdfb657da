import type { Clock } from '../../ports/clock.ts';
import type { EventBridge } from '../../ports/event-bridge.ts';
import type { EventBroker } from '../../ports/event-broker.ts';
import type { Logger } from '../../ports/logger.ts';
import { type PullPauses, pullTopic } from './pull-topic.ts';

export interface PullerOptions {
  /** Absent: nothing is pulled. */
  readonly bridge?: EventBridge;
  readonly broker: Pick<EventBroker, 'receive'>;
  readonly clock: Clock;
  readonly logger?: Logger;
  readonly pauses?: PullPauses;
}

/** A topic, and whose it is. */
export interface PulledTopic {
  readonly topic: string;
  readonly deploymentId: string;
  readonly applicationName: string;
}

/** Events of an application do not arrive, or did not. */
export interface BridgeTrouble extends PulledTopic {
  readonly reason: string;
  readonly isOver: boolean;
}

/** Brings messages from the broker outside into Berth's own, at least once each. */
export interface Puller extends AsyncDisposable {
  /** From now on exactly these. */
  applyTopics(topics: readonly PulledTopic[]): void;
  troubles(): readonly BridgeTrouble[];
}

/** So many failures one after another are no hiccup any more. */
const failuresOfTrouble = 4;

export function openPuller(options: PullerOptions): Puller {
  const { bridge, logger } = options;
  const pulled = new Map<
    string,
    { readonly stop: AbortController; readonly ended: Promise<void> }
  >();
  const troubles = new Map<string, BridgeTrouble>();

  const start = (bridge: EventBridge, of: PulledTopic): void => {
    const { topic, deploymentId, applicationName } = of;
    const stop = new AbortController();
    const ended = pullTopic(
      { ...options, bridge, topic, signal: stop.signal },
      (failures, reason) => {
        if (failures === 1)
          logger?.warn(
            { topic, deploymentId, applicationName, reason },
            'events could not be pulled',
          );
        if (failures === 0) {
          const trouble = troubles.get(topic);
          if (trouble !== undefined) troubles.set(topic, { ...trouble, isOver: true });
        } else if (failures >= failuresOfTrouble) {
          troubles.set(topic, { topic, deploymentId, applicationName, reason, isOver: false });
        }
      },
    );
    pulled.set(topic, { stop, ended });
  };
  const stop = (topic: string): void => {
    pulled.get(topic)?.stop.abort();
    pulled.delete(topic);
    troubles.delete(topic);
  };

  return {
    applyTopics(topics) {
      if (bridge === undefined) return;
      const wanted = new Set(topics.map(({ topic }) => topic));
      for (const topic of pulled.keys()) if (!wanted.has(topic)) stop(topic);
      for (const one of topics) if (!pulled.has(one.topic)) start(bridge, one);
    },
    troubles: () => [...troubles.values()],
    async [Symbol.asyncDispose]() {
      const ends = [...pulled.values()].map(({ ended }) => ended);
      for (const topic of pulled.keys()) stop(topic);
      await Promise.all(ends);
    },
  };
}
