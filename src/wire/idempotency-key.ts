import { z } from 'zod';
import { nothing } from './parameters.ts';

const idempotencyHeaders = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'Must be 1 to 255 visible ASCII characters')
    .exactOptional()
    .meta({
      description:
        'Names this request, so that it can be sent again without being done twice: for 24 hours the same request with ' +
        'the same key gets the same answer, with `Idempotency-Replayed: true`.',
      example: '0f8c4d1e-6a52-4f0b-9b1c-2f4f5f6d7e80',
    }),
});

/** Those of the endpoint, if any, and the key. */
export function withIdempotencyKey(headers: z.ZodType = nothing): z.ZodType {
  return z.object({
    ...(headers instanceof z.ZodObject ? headers.shape : {}),
    ...idempotencyHeaders.shape,
  });
}

/** Of headers that were read with it. */
export function idempotencyKeyOf(headers: unknown): string | undefined {
  return (headers as z.output<typeof idempotencyHeaders>)['idempotency-key'];
}
