import { z } from 'zod';
import { applicationTypes } from '../core/application.ts';
import type { ConnectorSnapshot } from '../core/deployment.ts';
import { buildOutcomes, instanceOutcomes, type RedeployPlan } from '../core/redeploy-plan.ts';

const changesSchema = z
  .array(
    z
      .object({
        field: z.string().meta({
          description: 'A path such as `applications[shop].standardConfiguration[GREETING]`.',
        }),
        before: z.unknown().optional().meta({ description: 'Absent: it was not there.' }),
        after: z.unknown().optional().meta({ description: 'Absent: it is gone.' }),
      })
      .meta({ id: 'PlannedChange' }),
  )
  .readonly();

const connectorSchema = z
  .object({ version: z.int(), tag: z.string(), commit: z.string() })
  .meta({ id: 'PlannedConnector' });

/** Berth's own: what a redeploy would do. */
export const redeployPlanSchema = z
  .object({
    deployment: z.object({
      typeId: z.literal('deployment'),
      id: z.uuid(),
      key: z.string().exactOptional(),
    }),
    version: z.int().meta({ description: 'Of the Deployment: what the plan is for.' }),
    connector: z.object({ before: connectorSchema, after: connectorSchema }),
    changes: z
      .object({
        configuration: changesSchema,
        connector: changesSchema,
        specification: changesSchema.meta({ description: 'Of `connect.yaml`.' }),
      })
      .meta({ description: 'Secrets and credentials are shown as digests.' }),
    applications: z
      .array(
        z
          .object({
            applicationName: z.string(),
            applicationType: z.enum(applicationTypes),
            change: z.enum(['added', 'kept', 'removed']),
            build: z
              .object({
                outcome: z.enum(buildOutcomes),
                reasons: z.array(z.string()).readonly(),
              })
              .exactOptional()
              .meta({ description: 'Absent where the application is removed.' }),
            instances: z.enum(instanceOutcomes),
            scripts: z.array(z.literal('postDeploy')).readonly(),
          })
          .meta({ id: 'PlannedApplication' }),
      )
      .readonly(),
  })
  .meta({ id: 'DeploymentRedeployPlan' });

export function printRedeployPlan({ deployment, connector, changes, applications }: RedeployPlan) {
  const { id, key, version } = deployment;
  return {
    deployment: { typeId: 'deployment' as const, id, ...(key === undefined ? {} : { key }) },
    version,
    connector: {
      before: printConnector(connector.before),
      after: printConnector(connector.after),
    },
    changes,
    applications: applications.map(({ name, type, ...rest }) => ({
      applicationName: name,
      applicationType: type,
      ...rest,
    })),
  };
}

function printConnector({ version, repository, commit }: ConnectorSnapshot) {
  return { version, tag: repository.tag, commit };
}
