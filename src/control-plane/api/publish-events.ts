import { isTopic } from '../../core/application.ts';
import { reject } from '../../core/errors.ts';
import { DiskFull, Failure } from '../../core/failure.ts';
import type { NewMessage } from '../../ports/event-broker.ts';
import { authenticate, authorize } from './authorize.ts';
import type { ApiDependencies } from './route.ts';

/** Google's own limit of a request, in either form. */
export const publishLimitBytes = 10 * 1024 * 1024;

/** @throws Rejection */
export async function authorizePublisher(
  { tokens }: Pick<ApiDependencies, 'tokens'>,
  authorization: string | undefined,
  project: string,
): Promise<void> {
  const identity = await authenticate(tokens, authorization);
  authorize(identity, ['manage_project', 'manage_connectors_deployments'], project);
}

/** @throws Rejection `ResourceNotFound` */
export async function requireTopic(
  { store }: Pick<ApiDependencies, 'store'>,
  { project, topic }: { readonly project: string; readonly topic: string },
): Promise<void> {
  // Every application has a label; only those of event applications are topics.
  const address = isTopic(topic) ? await store.runtime.address(topic) : undefined;
  if (address?.projectKey !== project || address.state === 'released')
    reject('ResourceNotFound', { resource: 'Topic', key: `projects/${project}/topics/${topic}` });
}

/** @throws Rejection where the broker refuses, DiskFull where it has no room */
export async function publishEvents(
  { events, clock }: Pick<ApiDependencies, 'events' | 'clock'>,
  topic: string,
  messages: readonly NewMessage[],
): Promise<readonly string[]> {
  try {
    return await events.publish(topic, messages, clock.now());
  } catch (error) {
    if (error instanceof Failure && !(error instanceof DiskFull))
      return reject('InvalidJsonInput', { detail: error.message });
    throw error;
  }
}
