import { z } from 'zod';

/** Numbers arrive as text in a query. Nothing is clamped (contract §10, row 18). */
export const wholeNumber = (max: number, fallback: number) =>
  z
    .string()
    .regex(/^\d{1,6}$/, 'Must be a whole number')
    .transform(Number)
    .pipe(z.number().min(0).max(max))
    .default(fallback)
    .meta({ reads: { type: 'integer', minimum: 0, maximum: max, default: fallback } });

/** A parameter that may be given several times. */
export const repeatable = <T extends z.ZodType>(item: T) =>
  z.preprocess(
    (value) => (value === undefined || Array.isArray(value) ? value : [value]),
    z.array(item).max(100).default([]),
  );

const sortSchema = z
  .string()
  .regex(
    /^(createdAt|lastModifiedAt)( (asc|desc))?$/,
    'Must be "createdAt" or "lastModifiedAt", then "asc" or "desc"',
  )
  .transform((text) => {
    const [field, direction = 'asc'] = text.split(' ');
    return {
      field: field as 'createdAt' | 'lastModifiedAt',
      direction: direction as 'asc' | 'desc',
    };
  })
  .meta({ examples: ['createdAt desc'] });

/** Contract §3.3. */
export const pageQuery = {
  limit: wholeNumber(500, 20).meta({ description: 'How many results a page has at most.' }),
  offset: wholeNumber(10_000, 0).meta({ description: 'How many results to leave out.' }),
  sort: repeatable(sortSchema).meta({
    description:
      '`createdAt` or `lastModifiedAt`, then `asc` or `desc`. Newest first if left out. May be given several times.',
  }),
};

export const pageSchema = <T extends z.ZodType>(item: T) =>
  z.object({
    limit: z.int(),
    offset: z.int(),
    count: z.int().meta({ description: 'Results of this page.' }),
    total: z.int().meta({ description: 'Results of all pages.' }),
    results: z.array(item).readonly(),
  });

export function printPage<T>(
  page: { readonly total: number; readonly results: readonly T[] },
  asked: { readonly limit: number; readonly offset: number },
) {
  return {
    limit: asked.limit,
    offset: asked.offset,
    count: page.results.length,
    total: page.total,
    results: page.results,
  };
}
