import { z } from 'zod';

const maxWaitSeconds = 60;

/** RFC 7240: a preference that cannot be read counts as not sent, so nothing here is refused. */
export const waitHeaders = z.object({
  prefer: z
    .string()
    .optional()
    .transform((text) => (text === undefined ? undefined : readWaitSeconds(text)))
    .meta({
      description:
        '`wait=N` (RFC 7240): answer when the resource is no longer busy, or after N seconds, at most ' +
        `${maxWaitSeconds}. \`Preference-Applied\` says that it was followed.`,
      example: 'wait=30',
    }),
  'x-correlation-id': z
    .string()
    .optional()
    .meta({ description: 'Comes back in the answer. That of the official CLI tells its polls.' }),
});

/** `prefer` in seconds. */
export type WaitHeaders = Partial<z.output<typeof waitHeaders>>;

/** Of several preferences of one name the first counts (RFC 7240 §2). */
function readWaitSeconds(prefer: string): number | undefined {
  for (const [preference] of prefer.matchAll(/(?:[^",]|"(?:[^"\\]|\\.)*"?)+/g)) {
    const [, name = '', quoted, plain] =
      /^\s*([^\s=;"]+)(?:\s*=\s*(?:"([^"]*)"|([^\s;"]*)))?\s*(?:;|$)/.exec(preference) ?? [];
    if (name.toLowerCase() !== 'wait') continue;
    const value = quoted ?? plain ?? '';
    return /^\d+$/.test(value) ? Math.min(Number(value), maxWaitSeconds) : undefined;
  }
  return undefined;
}
