import { z } from 'zod';
import type { DeadLetter } from '../core/dead-letter.ts';
import { dateSchema } from './deployment-log.ts';
import { pageQuery, pageSchema, wholeNumber } from './page.ts';

/** Fewer than elsewhere: each may hold 64 KiB of data. */
export const deadLettersParameters = z.object({
  limit: wholeNumber(100, 20).meta({ description: 'How many results a page has at most.' }),
  offset: pageQuery.offset,
  applicationName: z.string().min(1).max(256).exactOptional(),
});

export const deadLetterSchema = z
  .object({
    messageId: z.string(),
    applicationName: z.string(),
    topic: z.string(),
    data: z
      .string()
      .exactOptional()
      .meta({ description: 'In base64. Left out where it is larger than 64 KiB.' }),
    dataBytes: z.int(),
    attributes: z.record(z.string(), z.string()),
    publishTime: z.iso.datetime(),
    diedAt: z.iso.datetime(),
    deliveryAttempts: z.int(),
    reason: z.string().meta({ description: 'Why the last delivery failed.' }),
  })
  .meta({ id: 'DeadLetter' });

export const deadLetterPageSchema = pageSchema(deadLetterSchema).meta({
  id: 'DeadLetterPagedQueryResponse',
});

export function printDeadLetter(
  letter: DeadLetter,
  applicationName: string,
): z.input<typeof deadLetterSchema> {
  return {
    messageId: letter.id,
    applicationName,
    topic: letter.topic,
    ...(letter.data === undefined ? {} : { data: letter.data }),
    dataBytes: letter.bytes,
    attributes: letter.attributes,
    publishTime: new Date(letter.publishTime).toISOString(),
    diedAt: new Date(letter.diedAt).toISOString(),
    deliveryAttempts: letter.attempts,
    reason: letter.reason,
  };
}

/** Either by their ids, numbers of at most 15 digits as they are given out, or by when they died. */
export const redeliverSchema = z
  .object({
    messageIds: z
      .array(z.string().regex(/^\d{1,15}$/, 'Must be the id of a message'))
      .min(1)
      .max(1000)
      .exactOptional()
      .meta({ description: 'These. Left out: those that died first.' }),
    diedFrom: dateSchema.exactOptional().meta({ description: 'Those that died then or later.' }),
    diedUntil: dateSchema.exactOptional().meta({
      description: 'Those that died before. Left out: what is dead when the request comes.',
    }),
    limit: z
      .int()
      .min(1)
      .max(100_000)
      .exactOptional()
      .meta({ description: 'At most so many, 1,000 if left out.' }),
  })
  .superRefine(({ messageIds, ...others }, context) => {
    if (messageIds === undefined) return;
    for (const name of Object.keys(others))
      context.addIssue({ code: 'custom', path: [name], message: 'Not together with messageIds' });
  })
  .meta({ id: 'RedeliverRequest' });

export const redeliveredSchema = z
  .object({
    messageIds: z
      .array(z.string())
      .readonly()
      .meta({ description: 'What is delivered again: it was dead, and belongs to this topic.' }),
    remaining: z.int().meta({
      description: 'How many more were asked for and are still dead: ask again for them.',
    }),
  })
  .meta({ id: 'RedeliverResponse' });
export type Redelivered = z.input<typeof redeliveredSchema>;
