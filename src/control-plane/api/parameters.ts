import { z } from 'zod';
import { idSchema, keySchema, projectKeySchema } from '../../wire/parse.ts';

/** The last segment of a resource's path: an id, or `key=` and a key. */
export const refSchema = z.string().transform((text, context) => {
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
export const nothing = z.object({});
/** For requests whose body, if any, means nothing. */
export const noBody = z.unknown();
