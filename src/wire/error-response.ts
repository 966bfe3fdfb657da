import { z } from 'zod';
import { type ErrorCode, errorTable, type Rejection } from '../core/errors.ts';

const codes = Object.keys(errorTable) as [ErrorCode, ...ErrorCode[]];

/** One mistake. Which of the further fields are there depends on the code. */
const errorSchema = z
  .object({
    code: z.enum(codes),
    message: z.string(),
    detailedErrorMessage: z.string().exactOptional().meta({
      description: 'Where the mistake is, and what would be right.',
    }),
    field: z.string().exactOptional(),
    duplicateValue: z.string().exactOptional(),
    value: z.string().exactOptional(),
    expectedVersion: z.int().exactOptional().meta({ description: 'The `version` that was sent.' }),
    currentVersion: z.int().exactOptional(),
  })
  .meta({ id: 'ErrorObject' });

/** An error as Google's APIs answer it. */
const googleErrorSchema = z.object({
  code: z.int(),
  status: z.string().meta({ examples: ['INVALID_ARGUMENT'] }),
  message: z.string(),
});

export type GoogleError = z.output<typeof googleErrorSchema>;

/** Contract §3.1. */
export const errorResponseSchema = z
  .object({
    statusCode: z.int().meta({ description: 'The HTTP status once more.' }),
    message: z.string().meta({ description: 'That of the first error.' }),
    errors: z.array(errorSchema).readonly().meta({
      description: 'At least one. Several where several mistakes share a status.',
    }),
    error: z.union([z.string(), googleErrorSchema]).exactOptional().meta({
      description:
        "In a 401 its code once more. Where topics are published to: Google's form of it.",
    }),
  })
  .meta({ id: 'ErrorResponse' });

/** A megabyte of keys that nobody declared would else be answered with fifteen. */
const maxErrors = 1000;

export type ErrorResponse = z.input<typeof errorResponseSchema>;

export function printRejection(rejection: Rejection): ErrorResponse {
  const [first] = rejection.errors;
  return {
    statusCode: first.status,
    message: first.message,
    errors: rejection.errors
      .slice(0, maxErrors)
      .map(({ code, message, extras }) => ({ code, message, ...extras })),
    ...(first.status === 401 ? { error: first.code } : {}),
  };
}
