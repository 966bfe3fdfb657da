import { z } from 'zod';
import {
  duplicateKeyMistakes,
  missingMerchantCenterKeys,
  specMistakes,
} from './connect-spec-rules.ts';
import { checkSchedule } from './connect-spec-schedule.ts';

/** The form of `connect.yaml` with the limits of Connect's own validator (contract §4). */
export function connectSpecSchema() {
  const object = z.strictObject;

  const configuration = object({
    standardConfiguration: z
      .array(
        object({
          key: configurationKey((key) => key.trim() !== ''),
          description: notBlank('Description'),
          required: z.boolean().optional(),
          default: notBlank('Default value').optional(),
        }),
      )
      .optional(),
    securedConfiguration: z
      .array(
        object({
          key: configurationKey((key) => key.trim() === ''),
          description: notBlank('Description'),
          required: z.boolean().optional(),
        }),
      )
      .optional(),
  })
    .superRefine(report(duplicateKeyMistakes))
    .optional();

  const scripts = object({
    postDeploy: notBlank('postDeploy value').optional(),
    preUndeploy: notBlank('preUndeploy value').optional(),
  }).optional();

  const healthCheck = object({
    path: endpoint,
    intervalSeconds: integer(1, 20).optional(),
    timeoutSeconds: integer(1, 20).optional(),
    unhealthyThreshold: integer(1, 20).optional(),
  }).optional();

  const retryPolicy = z
    .discriminatedUnion('strategy', [
      object({
        strategy: z.literal('exponential-backoff'),
        minBackoffSeconds: integer(1, 600),
        maxBackoffSeconds: integer(1, 600),
        maxAttempts: integer(5, 100).optional(),
      }),
      object({ strategy: z.literal('immediate') }),
    ])
    .refine(
      (policy) =>
        policy.strategy === 'immediate' || policy.minBackoffSeconds <= policy.maxBackoffSeconds,
      {
        message: 'minBackoffSeconds must be less than or equal to maxBackoffSeconds',
        path: ['minBackoffSeconds'],
      },
    )
    .optional();

  const server = { name, endpoint, configuration, scripts };
  const merchantCenter = { name, configuration, scripts };

  const application = z
    .discriminatedUnion('applicationType', [
      object({ ...server, applicationType: z.literal('service'), healthCheck }),
      object({ ...server, applicationType: z.literal('event'), healthCheck, retryPolicy }),
      object({
        ...server,
        applicationType: z.literal('job'),
        properties: object({ schedule }),
      }),
      object({ name, applicationType: z.literal('assets') }),
      object({
        ...merchantCenter,
        applicationType: z.literal('merchant-center-custom-application'),
      }),
      object({ ...merchantCenter, applicationType: z.literal('mc-app') }),
      object({ ...merchantCenter, applicationType: z.literal('merchant-center-custom-view') }),
      object({ ...server, applicationType: z.literal('unknown') }),
    ])
    .superRefine(report(missingMerchantCenterKeys));

  return object({
    inheritAs: object({
      configuration,
      apiClient: object({ scopes }).optional(),
    }).optional(),
    deployAs: z.array(application),
  }).superRefine(report(specMistakes));
}

const name = z.string().regex(/^[a-zA-Z0-9_-]{2,256}$/);

const endpoint = z
  .string()
  .regex(/^[a-zA-Z0-9_\-/]{1,256}$/)
  .refine((path) => !path.includes('//'), 'Double slashes are not allowed');

const schedule = z.string().superRefine((text, context) => {
  const message = checkSchedule(text);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

const reservedKeys = new Set(['PORT', 'K_SERVICE', 'K_REVISION', 'K_CONFIGURATION']);

/** Connect repeats the key for standard keys and, the other way round, only blank ones for secured keys. */
function configurationKey(isRepeated: (key: string) => boolean) {
  return z.string().superRefine((key, context) => {
    const report = (message: string) => context.addIssue({ code: 'custom', message });
    if (reservedKeys.has(key.toUpperCase())) report(`Key "${key}" is a reserved word`);
    if (/^[a-zA-Z0-9_]{2,256}$/.test(key)) return;
    report(isRepeated(key) ? `Invalid configuration key: "${key}"` : 'Invalid configuration key');
  });
}

/** Not `min(1)`: the library measures the length of an array too, though it is not a text. */
const filled = z
  .string()
  .refine((text) => text !== '', 'String must contain at least 1 character(s)');

const scopes = z
  .array(filled)
  .refine((list) => list.length > 0, 'Array must contain at least 1 element(s)');

function notBlank(what: string) {
  return filled.refine(
    (text) => text === '' || text.trim() !== '',
    `${what} cannot be only whitespace`,
  );
}

function integer(least: number, most: number) {
  return z
    .number()
    .refine(Number.isInteger, 'Expected integer, received float')
    .min(least)
    .max(most);
}

/** Makes an issue of each message a rule gives. */
function report<Value>(rule: (value: Value) => readonly string[]) {
  return (value: Value, context: z.core.$RefinementCtx<Value>): void => {
    for (const message of rule(value)) context.addIssue({ code: 'custom', message });
  };
}
