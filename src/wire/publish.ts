import { z } from 'zod';

/** A publish request of Google Pub/Sub's REST API. `data` may be left out where there are attributes. */
export const publishSchema = z
  .object({
    messages: z
      .array(
        z
          .object({
            data: z
              .string()
              .regex(/^[A-Za-z0-9+/_-]*={0,2}$/, 'Must be base64')
              .default(''),
            attributes: z.record(z.string().max(256), z.string().max(1024)).default({}),
          })
          .refine(({ data, attributes }) => data !== '' || Object.keys(attributes).length > 0, {
            message: 'Either data or attributes are required',
          }),
      )
      .min(1)
      .max(1000),
  })
  .meta({ id: 'PublishRequest' });

export const publishedSchema = z
  .object({ messageIds: z.array(z.string()).readonly() })
  .meta({ id: 'PublishResponse' });
export type Published = z.input<typeof publishedSchema>;
