import { BridgeFailure } from '../../../core/failure.ts';
import type { EventBridge } from '../../../ports/event-bridge.ts';
import type { Google } from './call.ts';
import type { Credentials } from './credentials.ts';
import { grantPublishing } from './publisher-grant.ts';
import { acknowledge, pull } from './pull.ts';
import { createSender } from './send.ts';
import { openTokens } from './tokens.ts';
import {
  checkProject,
  ensureSubscription,
  ensureTopic,
  removeSubscription,
  removeTopic,
} from './topics.ts';

export interface GooglePubsubOptions {
  readonly projectId: string;
  /** `https://pubsub.googleapis.com` if left out. */
  readonly endpoint?: string;
  readonly credentials: Credentials;
  /** The service account that may publish to the topics. Absent: nobody is given the right. */
  readonly publisher?: string;
  /** Of one answer, which is held in memory. 64 MiB if left out. */
  readonly maxAnswerBytes?: number;
}

/**
 * Topics and pull subscriptions in a Google Cloud project, over Pub/Sub's REST API.
 * @throws Failure where there are no credentials to use
 */
export async function openGooglePubsub(options: GooglePubsubOptions): Promise<EventBridge> {
  const { projectId, publisher, endpoint = 'https://pubsub.googleapis.com' } = options;
  const send = createSender(options);
  const tokens = await openTokens(options.credentials, send);
  const google: Google = { send, tokens, endpoint, projectId };
  return {
    project: projectId,
    check: (signal) => checkProject(google, signal),
    async ensureTopic(topic, signal) {
      await ensureTopic(google, { topic, signal });
      // From here on nothing is lost that is published.
      await ensureSubscription(google, { topic, signal });
      if (publisher !== undefined) await grantPublishing(google, { topic, publisher, signal });
    },
    async removeTopic(topic, signal) {
      const removals = [removeSubscription, removeTopic].map((remove) =>
        remove(google, { topic, signal }),
      );
      const ended = await Promise.allSettled(removals);
      signal.throwIfAborted();
      const failures = ended.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []));
      const [first, second] = failures;
      if (second instanceof BridgeFailure && first instanceof BridgeFailure)
        throw new BridgeFailure(first.reason, `${first.message}. ${second.message}`, {
          ...(first.nextStep === undefined ? {} : { nextStep: first.nextStep }),
        });
      if (first !== undefined) throw first;
    },
    pull: (topic, request) => pull(google, { topic, ...request }),
    acknowledge: (topic, messages, signal) => acknowledge(google, { topic, messages, signal }),
  };
}
