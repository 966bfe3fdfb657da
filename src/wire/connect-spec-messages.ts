import type { z } from 'zod';

type RawIssue = Parameters<z.core.$ZodErrorMap>[0];

/** Our schema library's findings in the words of Connect's own validator, which people know and search for. */
export function wordIssue(issue: RawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return wordType(issue.expected, issue.input);
    case 'unrecognized_keys':
      return `Unrecognized key(s) in object: ${quoteAll(issue.keys, ', ')}`;
    case 'invalid_union':
      return `Invalid discriminator value. Expected ${quoteAll(issue['options'], ' | ')}`;
    case 'invalid_format':
      return 'Invalid';
    case 'too_small':
      return `Number must be greater than or equal to ${issue.minimum}`;
    case 'too_big':
      return `Number must be less than or equal to ${issue.maximum}`;
    default:
      return undefined;
  }
}

function wordType(expected: string, input: unknown): string {
  if (input === undefined) return 'Required';
  if (expected === 'number' && isInfinite(input)) return 'Expected integer, received float';
  return `Expected ${expected}, received ${kindOf(input)}`;
}

function isInfinite(input: unknown): boolean {
  return input === Number.POSITIVE_INFINITY || input === Number.NEGATIVE_INFINITY;
}

function kindOf(input: unknown): string {
  if (input === null) return 'null';
  if (Array.isArray(input)) return 'array';
  return Number.isNaN(input) ? 'nan' : typeof input;
}

function quoteAll(values: unknown, separator: string): string {
  return Array.isArray(values) ? values.map((value) => `'${value}'`).join(separator) : '';
}
