import type { Berth } from '../support/berth.ts';
import { chooseFates, type Fate, printMessage } from './handler.ts';

/** Few requests with many messages each, as a busy project's. */
const messagesPerRequest = 100;
const requestsAtOnce = 4;

/** Numbers messages from 0 and spreads them over the topics. @throws where one is not taken */
export async function publishAll(
  berth: Berth,
  topics: readonly string[],
  { messages, seed }: { readonly messages: number; readonly seed: number },
): Promise<{ readonly fates: readonly Fate[]; readonly messageIds: readonly string[] }> {
  const fates = chooseFates(messages, seed);
  const batches = Array.from({ length: Math.ceil(messages / messagesPerRequest) }, (_, batch) => ({
    topic: topics[batch % topics.length] ?? '',
    from: batch * messagesPerRequest,
  }));
  const messageIds: string[] = [];
  const publishNext = async (): Promise<void> => {
    for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
      const { topic, from } = batch;
      const body = fates
        .slice(from, from + messagesPerRequest)
        .map((fate, at) => ({ data: printMessage(from + at, fate) }));
      const path = `/v1/projects/${berth.projectKey}/topics/${topic}:publish`;
      const answer = await berth.request('POST', path, { messages: body });
      if (answer.status !== 200)
        throw new Error(`Not published: ${answer.status} ${JSON.stringify(answer.body)}`);
      messageIds.push(...answer.body.messageIds);
    }
  };
  await Promise.all(Array.from({ length: requestsAtOnce }, publishNext));
  return { fates, messageIds };
}
