import { BridgeFailure } from '../../../core/failure.ts';
import { call, callPatiently, explain, type Google } from './call.ts';
import { isSuccess, textOf } from './send.ts';

interface Wanted {
  readonly topic: string;
  readonly signal: AbortSignal;
}

/** A list of one: whoever may make topics may see them. */
export async function checkProject(google: Google, signal: AbortSignal): Promise<void> {
  const purpose = `The topics of project ${google.projectId} could not be seen`;
  const path = 'topics?pageSize=1';
  const seen = await call(google, { purpose, signal, method: 'GET', path, timeoutMs: 5_000 });
  if (!isSuccess(seen)) throw explain(google, purpose, seen);
}

export async function ensureTopic(google: Google, { topic, signal }: Wanted): Promise<void> {
  const purpose = `Topic ${topicName(google, topic)} could not be made`;
  const made = await callPatiently(google, {
    ...{ purpose, signal, method: 'PUT' },
    path: `topics/${topic}`,
    json: {},
  });
  if (!isSuccess(made) && made.status !== 409) throw explain(google, purpose, made);
}

/** A subscription outlives its topic, and gets nothing any more when there is another topic of that name. */
export async function ensureSubscription(google: Google, { topic, signal }: Wanted): Promise<void> {
  const name = subscriptionName(google, topic);
  const purpose = `Subscription ${name} could not be made`;
  const make = async () =>
    callPatiently(google, {
      ...{ purpose, signal, method: 'PUT' },
      path: `subscriptions/${topic}`,
      json: { topic: topicName(google, topic), ...settings },
    });
  const made = await make();
  if (isSuccess(made)) return;
  if (made.status !== 409) throw explain(google, purpose, made);
  const present = await callPatiently(google, {
    ...{ purpose, signal, method: 'GET' },
    path: `subscriptions/${topic}`,
  });
  if (!isSuccess(present)) throw explain(google, purpose, present);
  const of = textOf(present.body, 'topic');
  if (of === topicName(google, topic)) return;
  if (of !== deletedTopic)
    throw new BridgeFailure('refused', `${purpose}: it is there already, of topic ${of}`, {
      nextStep: 'Delete it, or set BERTH_PUBSUB_PROJECT_ID to a project that only this Berth uses.',
    });
  await remove(google, { purpose, signal, path: `subscriptions/${topic}` });
  const again = await make();
  if (!isSuccess(again)) throw explain(google, purpose, again);
}

export async function removeSubscription(google: Google, { topic, signal }: Wanted): Promise<void> {
  const purpose = `Subscription ${subscriptionName(google, topic)} could not be deleted`;
  await remove(google, { purpose, signal, path: `subscriptions/${topic}` });
}

export async function removeTopic(google: Google, { topic, signal }: Wanted): Promise<void> {
  const purpose = `Topic ${topicName(google, topic)} could not be deleted`;
  await remove(google, { purpose, signal, path: `topics/${topic}` });
}

async function remove(
  google: Google,
  request: { readonly purpose: string; readonly path: string; readonly signal: AbortSignal },
): Promise<void> {
  const removed = await callPatiently(google, { ...request, method: 'DELETE' });
  if (!isSuccess(removed) && removed.status !== 404)
    throw explain(google, request.purpose, removed);
}

/**
 * A message is Berth's within moments of being pulled. Should Berth be away, Google keeps messages as long as it can; and the
 * subscription of somebody who has no events for a month must not expire.
 */
const settings = {
  ackDeadlineSeconds: 30,
  messageRetentionDuration: '604800s',
  expirationPolicy: {},
};

const deletedTopic = '_deleted-topic_';

function topicName({ projectId }: Google, topic: string): string {
  return `projects/${projectId}/topics/${topic}`;
}

export function subscriptionName({ projectId }: Google, topic: string): string {
  return `projects/${projectId}/subscriptions/${topic}`;
}
