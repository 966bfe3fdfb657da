import type { FastifyInstance } from 'fastify';
import { reject } from '../../../core/errors.ts';
import type { ErrorResponse } from '../../../wire/error-response.ts';
import { withGoogleError } from '../../../wire/google-error.ts';
import { oneTopic } from '../../../wire/parameters.ts';
import { parse } from '../../../wire/parse.ts';
import { type Published, publishSchema } from '../../../wire/publish.ts';
import {
  authorizePublisher,
  publishEvents,
  publishLimitBytes,
  requireTopic,
} from '../publish-events.ts';
import { readJson } from '../read-json.ts';
import type { ApiDependencies } from '../route.ts';
import { redeliver } from './redeliver.ts';

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
      const { project, topicAndVerb } = parse(oneTopic, request.params, 'InvalidPathParam');
      const [, topic, verb] = /^(.+):(publish|redeliver)$/.exec(topicAndVerb) ?? [];
      if (topic === undefined) {
        reject('InvalidPathParam', {
          detail: 'topic: must end in ":publish" or ":redeliver", all that a topic can do here',
        });
      }
      const isOpen = deps.openPublishing && verb === 'publish';
      if (!isOpen) await authorizePublisher(deps, request.headers.authorization, project);
      await requireTopic(deps, { project, topic });
      if (verb === 'redeliver') return redeliver(deps, topic, request);
      const { messages } = parse(publishSchema, readJson(request), 'InvalidJsonInput');
      return { messageIds: await publishEvents(deps, topic, messages) } satisfies Published;
    },
  );
}
