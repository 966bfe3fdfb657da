import { type ApplicationType, servingOf } from './application.ts';
import {
  applicationNamed,
  emptyConfiguration,
  findMissingValues,
  findUnknownKeys,
  keepDeclared,
  mergeConfiguration,
  type Seal,
} from './configuration.ts';
import type {
  ApplicationDeployment,
  ApplicationValues,
  ConnectorSnapshot,
  Deployment,
  SentRetryPolicy,
} from './deployment.ts';
import { type ApiError, apiError } from './errors.ts';
import { runPolicies } from './job-run.ts';
import { checkRetryPolicy } from './retry-policy-override.ts';

/** What a client sends for the applications of a Deployment: what is wrong with it, and what becomes of it. */
type WithSpec = Pick<ConnectorSnapshot, 'spec'>;

interface Given {
  readonly newId: () => string;
  readonly seal: (deploymentId: string) => Seal;
}

export function findUnknownConfiguration(
  connector: WithSpec,
  sent: readonly ApplicationValues[],
): ApiError[] {
  return sent.flatMap((values) => {
    const application = applicationNamed(connector.spec, values.applicationName);
    return application === undefined
      ? [apiError('DeploymentUnknownApplicationConfiguration', { name: values.applicationName })]
      : findUnknownKeys(application.configuration, values, application.name);
  });
}

/**
 * Declared by the connector, and not part of the Deployment: one joins later only with a new connector version
 * (contract §10, row 12).
 */
export function findForeignApplications(
  deployment: Deployment,
  sent: readonly ApplicationValues[],
  { newConnector }: { readonly newConnector?: object },
): ApiError[] {
  if (newConnector !== undefined) return [];
  const own = new Set(deployment.applications.map((application) => application.name));
  const { spec } = deployment.connector;
  return sent
    .filter(({ applicationName: name }) => !own.has(name) && applicationNamed(spec, name))
    .map((values) =>
      apiError('DeploymentApplicationDoNotBelong', {
        id: deployment.id,
        key: deployment.key,
        application: values.applicationName,
      }),
    );
}

export function findMissingApplicationValues(
  connector: WithSpec,
  applications: readonly ApplicationDeployment[],
): ApiError[] {
  return applications.flatMap((application) => {
    const spec = applicationNamed(connector.spec, application.name);
    return spec === undefined
      ? []
      : findMissingValues(spec.configuration, application.configuration, application.name);
  });
}

export function newApplication(
  values: ApplicationValues,
  deploymentId: string,
  given: Given,
): ApplicationDeployment {
  return {
    id: given.newId(),
    name: values.applicationName,
    configuration: mergeConfiguration(emptyConfiguration, values, given.seal(deploymentId)),
    ...overrides(values),
  };
}

type Overrides = Pick<
  ApplicationDeployment,
  'schedule' | 'retryPolicy' | 'overlapPolicy' | 'missedRuns' | 'minInstances' | 'maxInstances'
>;

/** A policy that is not valid is left out here: `findUnfitOverrides` refuses it. */
function overrides(values: ApplicationValues): Overrides {
  const { schedule, retryPolicy, minInstances, maxInstances } = values;
  const checked = retryPolicy === undefined ? undefined : checkRetryPolicy(retryPolicy);
  return {
    ...(schedule === undefined ? {} : { schedule }),
    ...runPolicies(values),
    ...(checked !== undefined && 'policy' in checked ? { retryPolicy: checked.policy } : {}),
    ...(minInstances === undefined ? {} : { minInstances }),
    ...(maxInstances === undefined ? {} : { maxInstances }),
  };
}

/** Only jobs have a schedule and run by it, only events a retry policy, which must be a valid one (contract §2.3, step 11). */
export function findUnfitOverrides(
  connector: WithSpec,
  sent: readonly ApplicationValues[],
): ApiError[] {
  return sent.flatMap((values) => {
    const { applicationName, retryPolicy } = values;
    const type = applicationNamed(connector.spec, applicationName)?.type;
    const jobFields = jobOverrides.filter((field) => values[field] !== undefined);
    return [
      ...(type === 'job' ? [] : jobFields).map((field) =>
        apiError('InvalidJsonInput', { detail: noJob(field, applicationName) }),
      ),
      ...(retryPolicy === undefined ? [] : findUnfitPolicy(applicationName, type, retryPolicy)),
      ...findInstancesOfFiles(values, type),
    ];
  });
}

function findUnfitPolicy(
  application: string,
  type: ApplicationType | undefined,
  sent: SentRetryPolicy,
): ApiError[] {
  if (type !== 'event')
    return [apiError('DeploymentRetryPolicyOverrideNotAllowed', { application })];
  const checked = checkRetryPolicy(sent);
  return 'mistakes' in checked
    ? [
        apiError('DeploymentInvalidRetryPolicy', {
          application,
          mistakes: checked.mistakes.join('; '),
        }),
      ]
    : [];
}

/** What is answered from files has no instances. */
function findInstancesOfFiles(
  { applicationName, minInstances, maxInstances }: ApplicationValues,
  type: ApplicationType | undefined,
): ApiError[] {
  if (type === undefined || servingOf(type) === 'process') return [];
  const sent = Object.entries({ minInstances, maxInstances }).filter(
    ([, count]) => count !== undefined,
  );
  return sent.map(([field]) =>
    apiError('InvalidJsonInput', {
      detail: `${field}: application ${applicationName} is answered from files, so it has no instances`,
    }),
  );
}

/** The least and the most may have been sent in different requests. */
export function findUnfitScaling(applications: readonly ApplicationDeployment[]): ApiError[] {
  return applications.flatMap(({ name, minInstances = 0, maxInstances = minInstances }) =>
    minInstances <= maxInstances
      ? []
      : [
          apiError('InvalidJsonInput', {
            detail: `maxInstances: application ${name} would have at most ${maxInstances} instances and at least ${minInstances}`,
          }),
        ],
  );
}

const jobOverrides = ['schedule', 'overlapPolicy', 'missedRuns'] as const;

function noJob(field: (typeof jobOverrides)[number], application: string): string {
  const without = field === 'schedule' ? 'so it has no schedule' : 'so it has no runs';
  return `${field}: application ${application} is no job, ${without}`;
}

/** What a new connector version makes of overrides: an application may have become one of another type. */
function keepFitting(
  application: ApplicationDeployment,
  type: ApplicationType,
): ApplicationDeployment {
  const { schedule, retryPolicy, overlapPolicy: _, missedRuns: __, ...more } = application;
  const { minInstances, maxInstances, ...rest } = more;
  return {
    ...rest,
    ...(servingOf(type) === 'process' && minInstances !== undefined ? { minInstances } : {}),
    ...(servingOf(type) === 'process' && maxInstances !== undefined ? { maxInstances } : {}),
    ...(type === 'job' && schedule !== undefined ? { schedule } : {}),
    ...(type === 'job' ? runPolicies(application) : {}),
    ...(type === 'event' && retryPolicy !== undefined ? { retryPolicy } : {}),
  };
}

/** Applications that the new connector version dropped go (contract §10, row 13); named new ones join at the end. */
export function mergeApplications(
  deployment: Deployment,
  connector: WithSpec,
  sent: readonly ApplicationValues[],
  given: Given,
): readonly ApplicationDeployment[] {
  const sentByName = new Map(sent.map((values) => [values.applicationName, values]));
  const seal = given.seal(deployment.id);
  const kept = deployment.applications.flatMap((application) => {
    const spec = applicationNamed(connector.spec, application.name);
    if (spec === undefined) return [];
    const values = sentByName.get(application.name) ?? nothingFor(application.name);
    const configuration = keepDeclared(
      spec.configuration,
      mergeConfiguration(application.configuration, values, seal),
    );
    return [keepFitting({ ...application, configuration, ...overrides(values) }, spec.type)];
  });
  const names = new Set(kept.map((application) => application.name));
  const joined = sent
    .filter((values) => !names.has(values.applicationName))
    .map((values) => newApplication(values, deployment.id, given));
  return [...kept, ...joined];
}

function nothingFor(applicationName: string): ApplicationValues {
  return { applicationName, standard: [], secured: [] };
}
