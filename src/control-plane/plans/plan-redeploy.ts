import { isMerchantCenter } from '../../core/application.ts';
import type { Shown } from '../../core/audit-log.ts';
import { type FieldChange, listChanges } from '../../core/changed-fields.ts';
import { applicationNamed } from '../../core/configuration.ts';
import type { Deployment, Redeploy } from '../../core/deployment.ts';
import { buildEnvironment } from '../../core/environment.ts';
import { DiskFull, Failure } from '../../core/failure.ts';
import {
  type PlannedApplication,
  type PlannedBuild,
  type PlannedChanges,
  planApplications,
  type RedeployPlan,
} from '../../core/redeploy-plan.ts';
import type { SealingKey } from '../../core/sealing-key.ts';
import type { Builder } from '../../ports/builder.ts';
import type { Digester } from '../../ports/secret-box.ts';
import { digestCredentials } from '../audit-log/hide-credentials.ts';
import { showDeployment } from '../audit-log/show.ts';
import type { CommandDependencies } from '../commands/dependencies.ts';
import type { Identity } from '../commands/identity.ts';
import { prepareRedeploy } from '../commands/redeploy.ts';

export interface PlanDependencies
  extends Pick<CommandDependencies, 'store' | 'clock' | 'newId' | 'sealer'> {
  readonly digester: Digester;
  readonly builder: Pick<Builder, 'foresee'>;
}

/**
 * What `redeploy` would do with the same request (contract §2.4). Nothing is written and nothing is built; a commit that
 * is not here any more is fetched.
 * @throws Rejection as `redeploy` does
 * @throws DiskFull where there is no room to look at the source
 */
export async function planRedeploy(
  deps: PlanDependencies,
  identity: Identity,
  deployment: Deployment,
  expectedVersion: number,
  action: Redeploy,
  signal: AbortSignal,
): Promise<RedeployPlan> {
  const { decided, sealing } = await prepareRedeploy(
    deps,
    identity,
    deployment,
    expectedVersion,
    action,
  );
  const changes = changesBetween(deployment, decided, { ...deps, sealingKey: sealing.key });
  const running = await readRunning(deps, deployment);
  const applications = planApplications(deployment, decided, action).map(
    async (planned): Promise<PlannedApplication> =>
      planned.change === 'removed'
        ? planned
        : { ...planned, build: await foresee(deps, decided, { ...planned, running, signal }) },
  );
  return {
    deployment,
    connector: { before: deployment.connector, after: decided.connector },
    changes,
    applications: await Promise.all(applications),
  };
}

/** By application, the key of the artifact that serves now. */
async function readRunning(
  { store }: Pick<PlanDependencies, 'store'>,
  { id }: Deployment,
): Promise<ReadonlyMap<string, string>> {
  const releases = await store.runtime.releases({ states: ['current'], deploymentId: id });
  const newest = releases.toSorted((one, other) => other.number - one.number)[0];
  return new Map(newest?.applications.map(({ name, artifactKey }) => [name, artifactKey]));
}

async function foresee(
  { builder }: Pick<PlanDependencies, 'builder'>,
  deployment: Deployment,
  {
    name,
    running,
    signal,
  }: {
    readonly name: string;
    readonly running: ReadonlyMap<string, string>;
    readonly signal: AbortSignal;
  },
): Promise<PlannedBuild> {
  const { spec, repository, commit } = deployment.connector;
  const application = applicationNamed(spec, name);
  const own = deployment.applications.find((one) => one.name === name);
  if (application === undefined || own === undefined) throw new Error(`No application ${name}`);
  if (isMerchantCenter(application.type) && own.url === undefined)
    return { outcome: 'build', reasons: ['Its own URL is compiled into it, and it has none yet.'] };
  const environment = buildEnvironment(spec, application, {
    own: own.configuration,
    global: deployment.globalConfiguration,
    url: own.url ?? '',
  });
  const { type } = application;
  const request = { repository: { ...repository, commit }, application: name, type, environment };
  const key = running.get(name);
  try {
    return await builder.foresee(request, {
      signal,
      ...(key === undefined ? {} : { running: key }),
    });
  } catch (error) {
    if (!(error instanceof Failure) || error instanceof DiskFull) throw error;
    // The git host is away, or its credentials cannot be opened any more.
    return { outcome: 'unknown', reasons: [error.message] };
  }
}

interface ShownWith {
  readonly digester: Digester;
  readonly sealingKey: SealingKey;
}

function changesBetween(before: Deployment, after: Deployment, given: ShownWith): PlannedChanges {
  const changes = listChanges(show(before, given), show(after, given));
  const below = (...names: readonly string[]): readonly FieldChange[] =>
    changes.filter(({ field }) => names.some((name) => field.startsWith(name)));
  return {
    configuration: below('applications', 'globalConfiguration'),
    connector: below('connector.'),
    specification: listChanges(showSpec(before, given), showSpec(after, given)),
  };
}

function showSpec({ id, connector }: Deployment, { digester }: ShownWith): Shown {
  const spec = connector.spec as unknown as Shown;
  return digestCredentials(spec, { typeId: 'deployment', id }, digester);
}

/** The ids of new applications are made when it is done. */
function show(deployment: Deployment, { digester, sealingKey }: ShownWith): Shown {
  const { applications, ...shown } = showDeployment(deployment, digester, sealingKey);
  const named = (applications as readonly Shown[]).map(({ id: _, ...application }) => application);
  const resource = { typeId: 'deployment', id: deployment.id } as const;
  return digestCredentials({ ...shown, applications: named }, resource, digester);
}
