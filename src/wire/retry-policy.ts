import { z } from 'zod';

const backoffSeconds = 'From 1 to 600, with `exponential-backoff` only, which needs it.';

/** As a client sends it: the types of JSON only. Core says which values are allowed, with an error of their own. */
export const sentRetryPolicySchema = z
  .object({
    strategy: z
      .string()
      .max(256)
      .meta({ examples: ['immediate', 'exponential-backoff'] }),
    minBackoffSeconds: z.number().exactOptional().meta({ description: backoffSeconds }),
    maxBackoffSeconds: z.number().exactOptional().meta({ description: backoffSeconds }),
    maxAttempts: z
      .number()
      .exactOptional()
      .meta({ description: 'From 5 to 100, with `exponential-backoff` only.' }),
  })
  .meta({ id: 'RetryPolicyDraft' });

/** As it is answered (contract §4). */
export const retryPolicySchema = z
  .discriminatedUnion('strategy', [
    z.object({ strategy: z.literal('immediate') }),
    z.object({
      strategy: z.literal('exponential-backoff'),
      minBackoffSeconds: z.int(),
      maxBackoffSeconds: z.int(),
      maxAttempts: z.int().exactOptional(),
    }),
  ])
  .meta({ id: 'RetryPolicy' });
