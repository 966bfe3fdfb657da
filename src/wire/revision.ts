import { z } from 'zod';
import type { SecretMask } from '../core/configuration.ts';
import { runPolicies } from '../core/job-run.ts';
import type { DeploymentRevision, RevisionApplication } from '../core/revision.ts';
import {
  deployedConnectorSchema,
  isEmpty,
  printConfiguration,
  printSnapshot,
  storedConfigurationSchema,
} from './deployment.ts';
import { pageQuery, pageSchema } from './page.ts';
import { oneInProject } from './parameters.ts';
import { versionSchema } from './parse.ts';
import { retryPolicySchema } from './retry-policy.ts';
import { printScaling, scalingShape } from './scaling.ts';
import { runPoliciesFields } from './schedule.ts';

/** At most 15 digits, which a number keeps exactly. */
const numberInPath = z
  .string()
  .regex(/^(0|[1-9]\d{0,14})$/, 'Must be the number of a revision')
  .transform(Number)
  .meta({ reads: { type: 'integer', minimum: 0 } });

export const oneRevision = oneInProject.extend({ revision: numberInPath });

/** Newest first; there is nothing to sort by. */
export const revisionsParameters = z.object({ limit: pageQuery.limit, offset: pageQuery.offset });

/** The revision is in the path. */
const rollbackFields = { version: versionSchema, skipScripts: z.boolean().default(false) };
export const rollbackSchema = z.object(rollbackFields).meta({ id: 'DeploymentRevisionRollback' });

/** The revision is in the body. */
export const rollbackToSchema = z
  .object({ ...rollbackFields, revision: z.int().min(0) })
  .meta({ id: 'DeploymentRollback' });

export type Rollback = z.output<typeof rollbackToSchema>;

const revisionApplicationSchema = z
  .object({
    id: z.uuid(),
    applicationName: z.string(),
    ...storedConfigurationSchema.shape,
    /** Overrides only: what the client had set itself. */
    schedule: z.string().exactOptional(),
    ...runPoliciesFields,
    retryPolicy: retryPolicySchema.exactOptional(),
    ...scalingShape,
  })
  .meta({ id: 'DeploymentRevisionApplication' });

/** Contract §2.8. The field names of the original are not public; these are those of Deployment. */
export const revisionSchema = z
  .object({
    revision: z.int().meta({ description: 'The version of the Deployment that it was.' }),
    connector: deployedConnectorSchema,
    globalConfiguration: storedConfigurationSchema.exactOptional(),
    applications: z.array(revisionApplicationSchema).readonly(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'DeploymentRevision' });

export const revisionPageSchema = pageSchema(revisionSchema).meta({
  id: 'DeploymentRevisionPagedQueryResponse',
});

export function printRevision(revision: DeploymentRevision, mask: SecretMask) {
  const { globalConfiguration } = revision;
  return {
    revision: revision.number,
    connector: printSnapshot(revision.connector),
    ...(isEmpty(globalConfiguration)
      ? {}
      : { globalConfiguration: printConfiguration(globalConfiguration, mask) }),
    applications: revision.applications.map((application) => printApplication(application, mask)),
    createdAt: new Date(revision.createdAt).toISOString(),
  };
}

function printApplication(application: RevisionApplication, mask: SecretMask) {
  const { schedule, retryPolicy } = application;
  return {
    id: application.id,
    applicationName: application.name,
    ...printConfiguration(application.configuration, mask),
    ...(schedule === undefined ? {} : { schedule }),
    ...runPolicies(application),
    ...(retryPolicy === undefined ? {} : { retryPolicy }),
    ...printScaling(application),
  };
}
