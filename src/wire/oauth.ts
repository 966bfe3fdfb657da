import { z } from 'zod';

/** Contract §8.1. The parameters may also stand in the query, or in a JSON body. */
export const tokenRequestSchema = z
  .object({
    grant_type: z.literal('client_credentials'),
    scope: z.string().exactOptional().meta({
      description: 'Separated by spaces. Every scope of the client if left out.',
    }),
    client_id: z.string().exactOptional().meta({
      description: 'Instead of the header `Authorization: Basic …`, with `client_secret`.',
    }),
    client_secret: z.string().exactOptional(),
  })
  .meta({ id: 'TokenRequest' });

export const tokenSchema = z
  .object({
    access_token: z.string(),
    token_type: z.literal('Bearer'),
    expires_in: z.int().meta({ description: 'Seconds.' }),
    scope: z.string().meta({ description: 'What was granted, separated by spaces.' }),
  })
  .meta({ id: 'Token' });

export const introspectionRequestSchema = z
  .object({ token: z.string() })
  .meta({ id: 'IntrospectionRequest' });

export const introspectionSchema = z
  .object({
    active: z.boolean().meta({
      description: '`false` also for a token of another project. Then nothing else is said.',
    }),
    scope: z.string().exactOptional(),
    client_id: z.string().exactOptional(),
    exp: z.int().exactOptional().meta({
      description: 'When the token ends, in seconds since 1 January 1970 UTC.',
    }),
  })
  .meta({ id: 'Introspection' });

/** commercetools' own form: the envelope of the API and OAuth's fields in one. */
export const oauthErrorSchema = z
  .object({
    statusCode: z.int(),
    message: z.string(),
    errors: z.array(z.object({ code: z.string(), message: z.string() })).readonly(),
    error: z.enum([
      'invalid_client',
      'invalid_request',
      'invalid_scope',
      'temporarily_unavailable',
      'unsupported_grant_type',
    ]),
    error_description: z.string(),
  })
  .meta({ id: 'OAuthError' });

export type Token = z.input<typeof tokenSchema>;
export type Introspection = z.input<typeof introspectionSchema>;
export type OAuthError = z.input<typeof oauthErrorSchema>;
