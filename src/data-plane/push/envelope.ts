import type { ClaimedMessage } from '../../ports/event-broker.ts';

/** The body of a push request as Google Pub/Sub sends it, both spellings of its names included. */
export function printEnvelope(
  message: ClaimedMessage,
  subscription: { readonly project: string; readonly topic: string },
): string {
  const { data, attributes } = message;
  // Whoever looks for it asks the broker that it was published to.
  const { id, publishTime: publishedAt } = message.origin ?? message;
  const publishTime = new Date(publishedAt).toISOString();
  return JSON.stringify({
    subscription: `projects/${subscription.project}/subscriptions/${subscription.topic}`,
    message: {
      publishTime,
      data,
      publish_time: publishTime,
      messageId: id,
      ...(Object.keys(attributes).length === 0 ? {} : { attributes }),
      message_id: id,
    },
  });
}
