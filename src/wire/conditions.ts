import { z } from 'zod';

/** Any version, or one of these, of which there is at least one. */
export type ExpectedVersions = '*' | readonly [number, ...number[]];

/** RFC 9110 §13.1.1. An entity tag of Berth is the resource's version in quotes. */
export const conditionHeaders = z.object({
  'if-match': z
    .string()
    .max(256, { abort: true })
    .transform(readExpectedVersions)
    .exactOptional()
    .meta({
      description:
        'Delete it only as it was read: the `ETag` of the answer, which is its `version` in quotes; several, separated ' +
        'by commas; or `*` for any. Otherwise the answer is 409 `ConcurrentModification`.',
      example: '"3"',
      reads: { pattern: '^(\\*|"[1-9][0-9]*"(, *"[1-9][0-9]*")*)$' },
    }),
});

export type Conditions = z.output<typeof conditionHeaders>;

export function printEntityTag({ version }: { readonly version: number }): string {
  return `"${version}"`;
}

function readExpectedVersions(text: string, context: z.RefinementCtx): ExpectedVersions {
  if (text.trim() === '*') return '*';
  const tags = text
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');
  const mistakes = tags.length === 0 ? ['Must name a version'] : tags.flatMap(mistakeOf);
  for (const message of mistakes) context.addIssue({ code: 'custom', message });
  const [first, ...others] = tags.map((tag) => Number(tag.slice(1, -1)));
  return mistakes.length > 0 || first === undefined ? z.NEVER : [first, ...others];
}

function mistakeOf(tag: string): readonly string[] {
  if (/^"[1-9]\d{0,14}"$/.test(tag)) return [];
  if (tag === '*') return ['* stands alone'];
  if (tag.startsWith('W/'))
    return [`${tag} is weak; send the ETag as it came, without W/ before it`];
  return [`${tag} is no version in quotes, such as "3"`];
}
