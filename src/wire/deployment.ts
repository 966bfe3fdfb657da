import { z } from 'zod';
import {
  applicationNamed,
  maskValue,
  type SecretMask,
  type StoredConfiguration,
} from '../core/configuration.ts';
import {
  type ApplicationDeployment,
  type ConnectorSnapshot,
  type Deployment,
  type DeploymentDraft,
  deploymentTypes,
  type GlobalValues,
  type Redeploy,
} from '../core/deployment.ts';
import { deploymentStatuses } from '../core/deployment-status.ts';
import { runPolicies } from '../core/job-run.ts';
import type { ReportEntry } from '../core/report.ts';
import { connectorContent, printContent, regionSchema, times } from './connector.ts';
import { pageSchema } from './page.ts';
import { idSchema, keySchema, versionSchema } from './parse.ts';
import { printPublicRepository } from './public-repository.ts';
import { printEntries, reportSchema } from './report.ts';
import { retryPolicySchema, sentRetryPolicySchema } from './retry-policy.ts';
import { printScaling, scalingShape, sentScalingShape } from './scaling.ts';
import { runPoliciesFields, scheduleSchema } from './schedule.ts';

/** Half of what Linux takes as one variable. */
const maxValueBytes = 65_536;

/** Ends up in a process's environment, which holds neither NUL nor broken Unicode. */
const valueSchema = z
  .string()
  .max(maxValueBytes, { abort: true })
  .refine((text) => Buffer.byteLength(text) <= maxValueBytes, {
    message: `Must have at most ${maxValueBytes} bytes`,
  })
  .refine((text) => !text.includes('\0') && text.isWellFormed(), {
    message: 'Must be text without NUL characters',
  });

const valuesSchema = z
  .array(
    z
      .object({ key: z.string().min(1).max(256), value: valueSchema })
      .meta({ id: 'ConfigurationValueDraft' }),
  )
  .max(1000)
  .superRefine((values, context) => {
    const seen = new Set<string>();
    values.forEach(({ key }, index) => {
      if (seen.has(key))
        context.addIssue({ code: 'custom', path: [index, 'key'], message: `Duplicate key ${key}` });
      seen.add(key);
    });
  });

const applicationValuesSchema = z
  .object({
    applicationName: z.string().min(1).max(256),
    standardConfiguration: valuesSchema.default([]),
    securedConfiguration: valuesSchema.default([]),
    schedule: scheduleSchema.exactOptional(),
    ...runPoliciesFields,
    retryPolicy: sentRetryPolicySchema.exactOptional(),
    ...sentScalingShape,
  })
  .transform(({ standardConfiguration, securedConfiguration, ...rest }) => ({
    ...rest,
    standard: standardConfiguration,
    secured: securedConfiguration,
  }))
  .meta({ id: 'DeploymentConfigurationApplication' });

const configurationsSchema = z
  .array(applicationValuesSchema)
  .max(100)
  .superRefine((applications, context) => {
    const seen = new Set<string>();
    applications.forEach(({ applicationName }, index) => {
      if (seen.has(applicationName)) {
        context.addIssue({
          code: 'custom',
          path: [index, 'applicationName'],
          message: `Duplicate application ${applicationName}`,
        });
      }
      seen.add(applicationName);
    });
  });

const globalSchema = z
  .object({
    standardConfiguration: valuesSchema.default([]),
    securedConfiguration: valuesSchema.default([]),
  })
  .transform(
    ({ standardConfiguration, securedConfiguration }): GlobalValues => ({
      standard: standardConfiguration,
      secured: securedConfiguration,
    }),
  )
  .meta({ id: 'DeploymentGlobalConfigurationDraft' });

/** Contract §1.4. */
export const deploymentDraftSchema = z
  .object({
    key: keySchema.exactOptional(),
    type: z.enum(deploymentTypes).exactOptional(),
    connector: z
      .object({
        id: idSchema.exactOptional(),
        key: keySchema.exactOptional(),
        staged: z.boolean().default(false),
        version: versionSchema.exactOptional(),
      })
      .refine((reference) => reference.id !== undefined || reference.key !== undefined, {
        message: 'Either id or key is required',
      })
      .meta({ id: 'ConnectorReference' }),
    configurations: configurationsSchema,
    globalConfiguration: globalSchema.exactOptional(),
    region: z.string().min(1).max(256),
  })
  .meta({ id: 'DeploymentDraft' }) satisfies z.ZodType<DeploymentDraft>;

const redeploySchema = z
  .object({
    action: z.literal('redeploy'),
    skipScripts: z.boolean().default(false),
    updateConnector: z.boolean().default(false),
    configurationValues: configurationsSchema.exactOptional(),
    globalConfiguration: globalSchema.exactOptional(),
  })
  .meta({ id: 'DeploymentRedeployAction' }) satisfies z.ZodType<Redeploy>;

/** Exactly one action (contract §10, row 23). */
export const deploymentUpdateSchema = z
  .object({
    version: versionSchema,
    actions: z.tuple([redeploySchema]),
  })
  .meta({ id: 'DeploymentUpdate' });

const storedValuesSchema = z
  .array(z.object({ key: z.string(), value: z.string() }).meta({ id: 'ConfigurationValue' }))
  .readonly();

export const storedConfigurationSchema = z
  .object({
    standardConfiguration: storedValuesSchema,
    /** Their values are masked (contract §3.4). */
    securedConfiguration: storedValuesSchema,
  })
  .meta({ id: 'DeploymentGlobalConfiguration' });

export const deployedConnectorSchema = z
  .object({ ...connectorContent, certified: z.boolean() })
  .meta({ id: 'DeploymentConnector' });

/** Contract §1.2 and §1.3. */
export const deploymentSchema = z
  .object({
    id: z.uuid(),
    key: z.string().exactOptional(),
    version: z.int(),
    type: z.enum(deploymentTypes),
    connector: deployedConnectorSchema,
    globalConfiguration: storedConfigurationSchema.exactOptional(),
    apiClient: z
      .object({ name: z.string(), scopes: z.array(z.string()).readonly() })
      .exactOptional(),
    details: z.object({ build: z.object({ id: z.string(), report: reportSchema }) }),
    deployedRegion: regionSchema,
    applications: z
      .array(
        z
          .object({
            id: z.uuid(),
            applicationName: z.string(),
            ...storedConfigurationSchema.shape,
            url: z.string().exactOptional(),
            topic: z.string().exactOptional(),
            schedule: z.string().exactOptional(),
            ...runPoliciesFields,
            retryPolicy: retryPolicySchema.exactOptional(),
            ...scalingShape,
          })
          .meta({ id: 'ApplicationDeployment' }),
      )
      .readonly(),
    preview: z.boolean(),
    status: z.enum(deploymentStatuses),
    rollbackRevision: z
      .int()
      .exactOptional()
      .meta({ description: 'The revision that the newest deploy went back to.' }),
    ...times,
  })
  .meta({ id: 'Deployment' });

export const deploymentPageSchema = pageSchema(deploymentSchema).meta({
  id: 'DeploymentPagedQueryResponse',
});

export function printDeployment(
  deployment: Deployment,
  entries: readonly ReportEntry[],
  mask: SecretMask,
) {
  return {
    id: deployment.id,
    ...(deployment.key === undefined ? {} : { key: deployment.key }),
    version: deployment.version,
    type: deployment.type,
    connector: printSnapshot(deployment.connector),
    ...(isEmpty(deployment.globalConfiguration)
      ? {}
      : { globalConfiguration: printConfiguration(deployment.globalConfiguration, mask) }),
    ...(deployment.apiClient === undefined
      ? {}
      : { apiClient: { name: deployment.apiClient.id, scopes: deployment.apiClient.scopes } }),
    details: { build: { id: deployment.buildId, report: { entries: printEntries(entries) } } },
    deployedRegion: deployment.region,
    applications: deployment.applications.map((application) =>
      printApplication(application, deployment.connector, mask),
    ),
    preview: deployment.type === 'preview',
    status: deployment.status,
    ...(deployment.rollbackRevision === undefined
      ? {}
      : { rollbackRevision: deployment.rollbackRevision }),
    createdAt: new Date(deployment.createdAt).toISOString(),
    lastModifiedAt: new Date(deployment.lastModifiedAt).toISOString(),
  };
}

export function printSnapshot(connector: ConnectorSnapshot) {
  return {
    id: connector.id,
    ...(connector.key === undefined ? {} : { key: connector.key }),
    version: connector.version,
    ...printContent(connector),
    repository: printPublicRepository(connector),
    certified: connector.certified,
  };
}

/** A job's schedule appears with its first success, like a URL (contract §1.3). */
function printApplication(
  application: ApplicationDeployment,
  connector: ConnectorSnapshot,
  mask: SecretMask,
) {
  const spec = applicationNamed(connector.spec, application.name);
  const schedule = application.schedule ?? spec?.schedule;
  const retryPolicy = application.retryPolicy ?? spec?.retryPolicy;
  return {
    id: application.id,
    applicationName: application.name,
    ...printConfiguration(application.configuration, mask),
    ...(application.url === undefined ? {} : { url: application.url }),
    ...(application.topic === undefined ? {} : { topic: application.topic }),
    ...(schedule === undefined || application.deployed !== true ? {} : { schedule }),
    ...runPolicies(application),
    ...(retryPolicy === undefined ? {} : { retryPolicy }),
    ...printScaling(application),
  };
}

export function printConfiguration(configuration: StoredConfiguration, mask: SecretMask) {
  return {
    standardConfiguration: configuration.standard,
    securedConfiguration: configuration.secured.map((value) => ({
      key: value.key,
      value: maskValue(value, mask),
    })),
  };
}

export function isEmpty(configuration: StoredConfiguration): boolean {
  return configuration.standard.length + configuration.secured.length === 0;
}
