import { reject } from '../../core/errors.ts';
import { parse } from '../../wire/parse.ts';
import { publishSchema } from '../../wire/publish.ts';
import { authorizePublisher, publishEvents, requireTopic } from '../api/publish-events.ts';
import type { ApiDependencies } from '../api/route.ts';

export interface PublisherRequest<Body> {
  readonly body: Body;
  readonly authorization: string | undefined;
}

interface PublishRequest {
  readonly topic: string;
  readonly messages: readonly {
    readonly data: Buffer;
    readonly attributes: Readonly<Record<string, string>>;
  }[];
}

type Dependencies = Pick<
  ApiDependencies,
  'store' | 'events' | 'clock' | 'tokens' | 'openPublishing'
>;

/** What the REST form does (`../api/events/publish.ts`), asked in another language. */
export async function publish(
  deps: Dependencies,
  { body, authorization }: PublisherRequest<PublishRequest>,
): Promise<{ readonly messageIds: readonly string[] }> {
  const { topic } = await admit(deps, body.topic, authorization);
  const messages = body.messages.map(({ data, attributes }) => ({
    data: data.toString('base64'),
    attributes,
  }));
  const checked = parse(publishSchema, { messages }, 'InvalidJsonInput');
  return { messageIds: await publishEvents(deps, topic, checked.messages) };
}

/** Clients ask for it before they publish, to learn whether there is such a topic. */
export async function getTopic(
  deps: Dependencies,
  { body, authorization }: PublisherRequest<{ readonly topic: string }>,
): Promise<{ readonly name: string }> {
  await admit(deps, body.topic, authorization);
  return { name: body.topic };
}

async function admit(
  deps: Dependencies,
  name: string,
  authorization: string | undefined,
): Promise<{ readonly topic: string }> {
  const [, project, topic] = /^projects\/([^/]{1,256})\/topics\/([^/]{1,512})$/.exec(name) ?? [];
  if (project === undefined || topic === undefined)
    return reject('InvalidPathParam', {
      detail: 'topic: must be of the form projects/{project}/topics/{topic}',
    });
  if (!deps.openPublishing) await authorizePublisher(deps, authorization, project);
  await requireTopic(deps, { project, topic });
  return { topic };
}
