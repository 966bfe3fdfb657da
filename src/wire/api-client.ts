import { z } from 'zod';
import { pageSchema } from './page.ts';
import { line } from './text.ts';

/** commercetools' own `/{projectKey}/api-clients` resource. */
export const apiClientDraftSchema = z
  .object({
    name: line(256).min(1),
    /** Separated by spaces, each with the project's suffix. */
    scope: z
      .string()
      .max(4096)
      .refine((text) => text.trim() !== '', 'Must name a scope'),
  })
  .meta({ id: 'ApiClientDraft' });

export const apiClientSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    scope: z.string(),
    createdAt: z.iso.datetime(),
    /** Only in the answer to its creation. */
    secret: z.string().exactOptional(),
  })
  .meta({ id: 'ApiClient' });

export const apiClientPageSchema = pageSchema(apiClientSchema).meta({
  id: 'ApiClientPagedQueryResponse',
});

export function printApiClient(client: {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly createdAt: number;
  readonly secret?: string;
}) {
  return {
    id: client.id,
    name: client.name,
    scope: client.scopes.join(' '),
    createdAt: new Date(client.createdAt).toISOString(),
    ...(client.secret === undefined ? {} : { secret: client.secret }),
  };
}
