import type { FastifyInstance, FastifyRequest } from 'fastify';
import { hostPrefixes } from '../../../core/application.ts';
import { reject } from '../../../core/errors.ts';
import { Failure } from '../../../core/failure.ts';
import { oneTopic } from '../../../wire/parameters.ts';
import { parse } from '../../../wire/parse.ts';
import { type Published, publishSchema } from '../../../wire/publish.ts';
import { authenticate, authorize } from '../authorize.ts';
import { readJson } from '../read-json.ts';
import type { ApiDependencies } from '../route.ts';

/**
 * The REST form of Google Pub/Sub, so that its stock client can publish here:
 * `POST /v1/projects/{project}/topics/{topic}:publish`.
 */
export function addPublishing(server: FastifyInstance, deps: ApiDependencies): void {
  server.post(
    '/v1/projects/:project/topics/:topicAndVerb',
    { bodyLimit: publishLimitBytes },
    async (request) => {
      const params = parse(oneTopic, request.params, 'InvalidPathParam');
      const topic = /^(.+):publish$/.exec(params.topicAndVerb)?.[1];
      if (topic === undefined) {
        reject('InvalidPathParam', {
          detail: 'topic: must end in ":publish", the only thing a topic can do here',
        });
      }
      if (!deps.openPublishing) await authorizePublisher(deps, request, params.project);
      await checkTopic(deps, params.project, topic);
      const { messages } = parse(publishSchema, readJson(request), 'InvalidJsonInput');
      return { messageIds: await publish(deps, topic, messages) } satisfies Published;
    },
  );
}

/** Google's own limit of a request. */
const publishLimitBytes = 10 * 1024 * 1024;

async function authorizePublisher(
  deps: ApiDependencies,
  request: FastifyRequest,
  project: string,
): Promise<void> {
  const identity = await authenticate(deps.tokens, request.headers.authorization);
  authorize(identity, ['manage_project', 'manage_connectors_deployments'], project);
}

async function checkTopic(
  { store }: ApiDependencies,
  project: string,
  topic: string,
): Promise<void> {
  const addresses = await store.runtime.addresses();
  // Every application has a label; only those of event applications are topics.
  const known =
    topic.startsWith(`${hostPrefixes.event}-`) &&
    addresses.some(
      (one) => one.hostLabel === topic && one.projectKey === project && one.state !== 'released',
    );
  if (!known)
    reject('ResourceNotFound', { resource: 'Topic', key: `projects/${project}/topics/${topic}` });
}

async function publish(
  { events, clock }: ApiDependencies,
  topic: string,
  messages: Parameters<ApiDependencies['events']['publish']>[1],
): Promise<readonly string[]> {
  try {
    return await events.publish(topic, messages, clock.now());
  } catch (error) {
    if (error instanceof Failure) return reject('InvalidJsonInput', { detail: error.message });
    throw error;
  }
}
