import { expect, test } from 'vitest';
import { type ApiError, apiError, Rejection } from '../../src/core/errors.ts';
import { printRejection } from '../../src/wire/error-response.ts';

const mistakes = (count: number): readonly [ApiError, ...ApiError[]] => {
  const [first, ...rest] = Array.from({ length: count }, (_, index) =>
    apiError('DeploymentUnknownGlobalConfigurationKey', { kind: 'standard', key: `KEY_${index}` }),
  ) as [ApiError, ...ApiError[]];
  return [first, ...rest];
};

test('an answer names a thousand mistakes, and no more', () => {
  expect(printRejection(new Rejection(...mistakes(1000))).errors).toHaveLength(1000);
  const answer = printRejection(new Rejection(...mistakes(35_000)));

  expect(answer.message).toBe(answer.errors[0]?.message);
  expect(answer.errors.map(({ message }) => message)).toEqual(
    printRejection(new Rejection(...mistakes(1000))).errors.map(({ message }) => message),
  );
});
