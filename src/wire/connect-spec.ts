import type { z } from 'zod';
import { type ApplicationType, normalizeEndpoint } from '../core/application.ts';
import {
  type ApplicationSpec,
  type ConfigurationKeys,
  type ConnectorSpec,
  type HealthCheck,
  healthCheckDefaults,
  type RetryPolicy,
} from '../core/connector-spec.ts';
import { wordIssue } from './connect-spec-messages.ts';
import { connectSpecSchema } from './connect-spec-schema.ts';
import { readYaml } from './connect-yaml.ts';
import { boundMistakes, type Mistake, wholeFile } from './mistake.ts';

export type ParsedConnectSpec =
  | { readonly spec: ConnectorSpec }
  | { readonly mistakes: readonly Mistake[] };

/** Reads a `connect.yaml` that may come from anybody; names every mistake at once. */
export function parseConnectSpec(text: string): ParsedConnectSpec {
  const reading = readYaml(text);
  if ('mistakes' in reading) return { mistakes: boundMistakes(reading.mistakes) };
  const result = schema.safeParse(reading.value, { error: wordIssue });
  return result.success
    ? { spec: toSpec(result.data) }
    : { mistakes: boundMistakes([...result.error.issues.map(toMistake), ...reading.hints]) };
}

/** As the official validator prints them: one `[path.to.field]: message` for each. */
export function printMistakes(mistakes: readonly Mistake[]): string {
  return mistakes.map(({ path, message }) => `[${path}]: ${message}`).join('\n');
}

const schema = connectSpecSchema();

type Document = z.infer<typeof schema>;
type DocumentApplication = Document['deployAs'][number];
type DocumentKeys = NonNullable<Document['inheritAs']>['configuration'];
type DocumentServer = Extract<DocumentApplication, { readonly applicationType: 'event' }>;

function toMistake(issue: z.core.$ZodIssue): Mistake {
  return { path: issue.path.join('.') || wholeFile, message: issue.message };
}

function toSpec(document: Document): ConnectorSpec {
  const scopes = document.inheritAs?.apiClient?.scopes;
  return {
    applications: document.deployAs.flatMap(toApplication),
    globalConfiguration: toKeys(document.inheritAs?.configuration),
    ...(scopes === undefined ? {} : { apiClientScopes: scopes }),
  };
}

/** Connect's parser takes the type `unknown` and deploys nothing for it; so does Berth. */
function toApplication(application: DocumentApplication): readonly ApplicationSpec[] {
  if (application.applicationType === 'unknown') return [];
  return [
    {
      name: application.name,
      type: toType(application.applicationType),
      scripts: 'scripts' in application ? toScripts(application.scripts) : {},
      configuration: toKeys('configuration' in application ? application.configuration : undefined),
      ...('endpoint' in application ? { endpoint: normalizeEndpoint(application.endpoint) } : {}),
      ...('properties' in application ? { schedule: application.properties.schedule.trim() } : {}),
      ...toHealthCheck('healthCheck' in application ? application.healthCheck : undefined),
      ...toRetryPolicy('retryPolicy' in application ? application.retryPolicy : undefined),
    },
  ];
}

function toType(type: ApplicationType | 'mc-app'): ApplicationType {
  return type === 'mc-app' ? 'merchant-center-custom-application' : type;
}

function toScripts(scripts: DocumentServer['scripts']): ApplicationSpec['scripts'] {
  const { postDeploy, preUndeploy } = scripts ?? {};
  return {
    ...(postDeploy === undefined ? {} : { postDeploy }),
    ...(preUndeploy === undefined ? {} : { preUndeploy }),
  };
}

function toKeys(keys: DocumentKeys): ConfigurationKeys {
  return {
    standard: (keys?.standardConfiguration ?? []).map((entry) => ({
      key: entry.key,
      description: entry.description,
      required: entry.required ?? false,
      ...(entry.default === undefined ? {} : { default: entry.default }),
    })),
    secured: (keys?.securedConfiguration ?? []).map(({ key, description, required }) => ({
      key,
      description,
      required: required ?? false,
    })),
  };
}

function toHealthCheck(check: DocumentServer['healthCheck']): { healthCheck?: HealthCheck } {
  if (check === undefined) return {};
  return {
    healthCheck: {
      path: normalizeEndpoint(check.path),
      intervalSeconds: check.intervalSeconds ?? healthCheckDefaults.intervalSeconds,
      timeoutSeconds: check.timeoutSeconds ?? healthCheckDefaults.timeoutSeconds,
      unhealthyThreshold: check.unhealthyThreshold ?? healthCheckDefaults.unhealthyThreshold,
    },
  };
}

function toRetryPolicy(policy: DocumentServer['retryPolicy']): { retryPolicy?: RetryPolicy } {
  if (policy === undefined) return {};
  if (policy.strategy === 'immediate') return { retryPolicy: { strategy: 'immediate' } };
  const { maxAttempts, ...backoff } = policy;
  return { retryPolicy: { ...backoff, ...(maxAttempts === undefined ? {} : { maxAttempts }) } };
}
