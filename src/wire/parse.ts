import { z } from 'zod';
import { type ApiError, apiError, type ErrorCode, Rejection } from '../core/errors.ts';

type ParseCode = Extract<
  ErrorCode,
  'InvalidJsonInput' | 'InvalidPathParam' | 'InvalidQueryParam' | 'InvalidHeader'
>;

/**
 * Reads what a client sent, or names every mistake, each with its path.
 * @throws Rejection with one error per mistake; after `maxMistakes` the rest is counted
 */
export function parse<T>(schema: z.ZodType<T>, value: unknown, code: ParseCode): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const details = issues.slice(0, maxMistakes).map(describeIssue);
  const hidden = issues.length - details.length;
  if (hidden > 0) details.push(`… and ${hidden} more mistakes`);
  const errors = details.map((detail) => apiError(code, { detail }));
  const [first, ...rest] = errors as [ApiError, ...ApiError[]];
  throw new Rejection(first, ...rest);
}

const maxMistakes = 100;
const maxCharacters = 1000;

function describeIssue(issue: z.core.$ZodIssue): string {
  const path = issue.path.map(String).join('.');
  const text = path === '' ? issue.message : `${path}: ${issue.message}`;
  return text.length <= maxCharacters ? text : `${text.slice(0, maxCharacters).toWellFormed()}…`;
}

const missingOrWrong = (issue: z.core.$ZodRawIssue): string | undefined =>
  issue.code === 'invalid_type' && issue.input === undefined ? 'Required' : undefined;

z.config({ customError: missingOrWrong });

/** Contract §1.2 and §3: the grammars that several resources share. */
export const keySchema = z
  .string()
  .min(2)
  .max(256, { abort: true })
  .regex(/^[A-Za-z0-9_-]+$/, 'Only letters, digits, underscores and hyphens are allowed');

export const idSchema = z
  .string()
  .regex(
    /^[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i,
    'Must be a UUID',
  )
  .meta({ reads: { format: 'uuid' } });

export const projectKeySchema = z
  .string()
  .regex(/^[a-zA-Z0-9_-]{2,36}$/, 'Must have 2 to 36 letters, digits, underscores or hyphens');

export const versionSchema = z.int().min(1);
