import type { FastifyInstance, FastifyRequest } from 'fastify';
import { hostPrefixes } from '../../../core/application.ts';
import { reject } from '../../../core/errors.ts';
import { DiskFull, Failure } from '../../../core/failure.ts';
import { redeliverSchema } from '../../../wire/dead-letter.ts';
import type { ErrorResponse } from '../../../wire/error-response.ts';
import { withGoogleError } from '../../../wire/google-error.ts';
import { oneTopic } from '../../../wire/parameters.ts';
import { parse } from '../../../wire/parse.ts';
import { type Published, publishSchema } from '../../../wire/publish.ts';
import { authenticate, authorize } from '../authorize.ts';
import { readJson } from '../read-json.ts';
import type { ApiDependencies } from '../route.ts';

/**
 * The REST form of Google Pub/Sub, so that its stock client can publish here:
 * `POST /v1/projects/{project}/topics/{topic}:publish`. And beside it Berth's own `:redeliver`.
 */
export function addPublishing(server: FastifyInstance, deps: ApiDependencies): void {
  server.post(
    '/v1/projects/:project/topics/:topicAndVerb',
    {
      bodyLimit: publishLimitBytes,
      preSerialization: async (_request, reply, payload) =>
        reply.statusCode < 400 ? payload : withGoogleError(payload as ErrorResponse),
    },
    async (request) => {
      const params = parse(oneTopic, request.params, 'InvalidPathParam');
      const [, topic, verb] = /^(.+):(publish|redeliver)$/.exec(params.topicAndVerb) ?? [];
      if (topic === undefined) {
        reject('InvalidPathParam', {
          detail: 'topic: must end in ":publish" or ":redeliver", all that a topic can do here',
        });
      }
      const isOpen = deps.openPublishing && verb === 'publish';
      if (!isOpen) await authorizePublisher(deps, request, params.project);
      await checkTopic(deps, params.project, topic);
      if (verb === 'redeliver') return redeliver(deps, topic, request);
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

/** Contract §10, row 29. Asked for again it does nothing more, so it needs no `Idempotency-Key`. */
async function redeliver(
  { events, clock }: ApiDependencies,
  topic: string,
  request: FastifyRequest,
): Promise<Published> {
  const { messageIds } = parse(redeliverSchema, readJson(request), 'InvalidJsonInput');
  const ids = messageIds === undefined ? {} : { ids: messageIds };
  return { messageIds: await events.redeliver(topic, { ...ids, now: clock.now() }) };
}

async function publish(
  { events, clock }: ApiDependencies,
  topic: string,
  messages: Parameters<ApiDependencies['events']['publish']>[1],
): Promise<readonly string[]> {
  try {
    return await events.publish(topic, messages, clock.now());
  } catch (error) {
    if (error instanceof Failure && !(error instanceof DiskFull))
      return reject('InvalidJsonInput', { detail: error.message });
    throw error;
  }
}
