import { z } from 'zod';
import { deploymentTypes } from '../core/deployment.ts';
import { integrationTypeSchema } from './connector.ts';
import { pageQuery, repeatable } from './page.ts';
import { idSchema, keySchema, projectKeySchema } from './parse.ts';

/** The last segment of a resource's path: an id, or `key=` and a key. */
const refSchema = z.string().transform((text, context) => {
  const byKey = text.startsWith('key=');
  const parsed = byKey ? keySchema.safeParse(text.slice(4)) : idSchema.safeParse(text);
  if (!parsed.success) {
    for (const issue of parsed.error.issues)
      context.addIssue({ code: 'custom', message: issue.message });
    return z.NEVER;
  }
  return byKey ? { key: parsed.data } : { id: parsed.data.toLowerCase() };
});

export const inProject = z.object({ projectKey: projectKeySchema });
export const oneInProject = z.object({ projectKey: projectKeySchema, ref: refSchema });
export const oneResource = z.object({ ref: refSchema });
export const oneApiClient = z.object({
  projectKey: projectKeySchema,
  id: z.string().min(1).max(256),
});
/** Google's form: the verb stands behind the topic's name. */
export const oneTopic = z.object({
  project: z.string().max(256),
  topicAndVerb: z.string().max(512),
});
/** The same for readers, who see the verb in the path. */
export const oneTopicToPublish = z.object({
  project: projectKeySchema,
  topic: z
    .string()
    .max(504)
    .meta({ description: 'The `topic` of an application of a Deployment.' }),
});

export const nothing = z.object({});
/** For requests whose body, if any, means nothing. */
export const noBody = z.unknown();
/** A document of a form of its own: OpenAPI's, here. */
export const documentSchema = z.record(z.string(), z.unknown());

export const pageParameters = z.object(pageQuery);
export const deploymentsParameters = z.object({
  ...pageQuery,
  integrationTypes: repeatable(integrationTypeSchema),
  deploymentType: z.enum(deploymentTypes).exactOptional(),
});
const searchedTextSchema = z.string().max(256);
const flag = z.enum(['true', 'false']).transform((text) => text === 'true');

/** Contract §3.3. */
export const searchParameters = z.object({
  ...pageQuery,
  text: searchedTextSchema.exactOptional().meta({
    description: 'Words that are all in the name or the description, in any case.',
  }),
  private: flag.exactOptional().meta({
    description:
      '`true`: only private Connectors that are assigned to the project of the token. Else all that it may see.',
  }),
  'creator.company': searchedTextSchema.exactOptional(),
  id: repeatable(idSchema.transform((id) => id.toLowerCase())),
  key: repeatable(keySchema),
  integrationTypes: repeatable(integrationTypeSchema),
});
export const stagedParameters = z.object({
  ...pageQuery,
  integrationTypes: repeatable(integrationTypeSchema),
  isPrivate: flag.exactOptional(),
});
