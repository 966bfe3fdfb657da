import type { PulledMessage } from '../../../ports/event-bridge.ts';
import { call, explainMissing, type Google } from './call.ts';
import { fieldOf, isSuccess, listOf, textOf } from './send.ts';
import { subscriptionName } from './topics.ts';

/** Whoever asks for it waits 10 s. */
const acknowledgeTimeoutMs = 8_000;
/** Google answers an empty pull after a minute and a half; whoever is silent for longer has gone. */
const pullTimeoutMs = 120_000;

export async function pull(
  google: Google,
  request: { readonly topic: string; readonly limit: number; readonly signal: AbortSignal },
): Promise<readonly PulledMessage[]> {
  const { topic, limit, signal } = request;
  const purpose = `Subscription ${subscriptionName(google, topic)} could not be pulled`;
  const answer = await call(google, {
    ...{ purpose, signal, method: 'POST', timeoutMs: pullTimeoutMs },
    path: `subscriptions/${topic}:pull`,
    json: { maxMessages: limit },
  });
  // Too long without a message is no message.
  if (answer.status === 504) return [];
  if (!isSuccess(answer)) throw explainMissing(google, purpose, answer);
  return listOf(answer.body, 'receivedMessages').flatMap(toMessage);
}

export async function acknowledge(
  google: Google,
  request: {
    readonly topic: string;
    readonly messages: readonly PulledMessage[];
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { topic, messages, signal } = request;
  if (messages.length === 0) return;
  const purpose = `Messages of subscription ${subscriptionName(google, topic)} could not be acknowledged`;
  const answer = await call(google, {
    ...{ purpose, signal, method: 'POST', timeoutMs: acknowledgeTimeoutMs },
    path: `subscriptions/${topic}:acknowledge`,
    json: { ackIds: messages.map(({ receipt }) => receipt) },
  });
  if (!isSuccess(answer)) throw explainMissing(google, purpose, answer);
}

/** Without a receipt nobody could acknowledge it, and without an id nobody could know it again. */
function toMessage(received: unknown): PulledMessage[] {
  const message = fieldOf(received, 'message');
  const receipt = textOf(received, 'ackId');
  const id = textOf(message, 'messageId');
  if (receipt === undefined || id === undefined) return [];
  const published = Date.parse(textOf(message, 'publishTime') ?? '');
  return [
    {
      data: textOf(message, 'data') ?? '',
      attributes: attributesOf(fieldOf(message, 'attributes')),
      origin: { id, publishTime: Number.isNaN(published) ? Date.now() : published },
      receipt,
    },
  ];
}

function attributesOf(value: unknown): PulledMessage['attributes'] {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );
}
