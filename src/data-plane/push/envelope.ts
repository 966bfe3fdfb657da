import type { ClaimedMessage } from '../../ports/event-broker.ts';

/** The body of a push request as Google Pub/Sub sends it, both spellings of its names included. */
export function printEnvelope(
  message: ClaimedMessage,
  subscription: { readonly project: string; readonly topic: string },
): string {
  const { id, data, attributes } = message;
  const publishTime = new Date(message.publishTime).toISOString();
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
