import { Failure } from '../../../core/failure.ts';
import type { NewMessage } from '../../../ports/event-broker.ts';

/** Google Pub/Sub's, so that what works here works there. */
export const limits = {
  messagesPerPublish: 1000,
  bytesPerPublish: 10 * 1024 * 1024,
  attributes: 100,
  attributeKeyBytes: 256,
  attributeValueBytes: 1024,
} as const;

/** Of what a topic keeps. */
export const retention = {
  waitingMs: 7 * 24 * 60 * 60 * 1000,
  deadMs: 30 * 24 * 60 * 60 * 1000,
} as const;

export function checkLimits(topic: string, messages: readonly NewMessage[]): void {
  const refuse = (reason: string, nextStep: string) => {
    throw new Failure(`Nothing was published to topic ${topic}: ${reason}.`, { nextStep });
  };
  if (messages.length > limits.messagesPerPublish)
    refuse(
      `${messages.length} messages are more than the ${limits.messagesPerPublish} of one request`,
      'Publish them in several requests.',
    );
  const bytes = messages.reduce((sum, { data }) => sum + bytesOf(data), 0);
  if (bytes > limits.bytesPerPublish)
    refuse(
      `${bytes} bytes of data are more than the ${limits.bytesPerPublish} of one request`,
      'Publish smaller messages, or fewer at a time.',
    );
  for (const { attributes } of messages) {
    const reason = findTooLarge(attributes);
    if (reason !== undefined) refuse(reason, 'Put what is large into the data of the message.');
  }
}

/** Of what the base64 text stands for. */
export function bytesOf(data: string): number {
  return Buffer.byteLength(data, 'base64');
}

function findTooLarge(attributes: NewMessage['attributes']): string | undefined {
  const entries = Object.entries(attributes);
  if (entries.length > limits.attributes)
    return `${entries.length} attributes are more than the ${limits.attributes} of one message`;
  for (const [key, value] of entries) {
    if (Buffer.byteLength(key) > limits.attributeKeyBytes)
      return `the attribute key ${key.slice(0, 40)}… has more than ${limits.attributeKeyBytes} bytes`;
    if (Buffer.byteLength(value) > limits.attributeValueBytes)
      return `the value of attribute ${key} has more than ${limits.attributeValueBytes} bytes`;
  }
  return undefined;
}
