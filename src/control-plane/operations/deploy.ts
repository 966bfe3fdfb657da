import { isMerchantCenter } from '../../core/application.ts';
import { applicationNamed } from '../../core/configuration.ts';
import type { Deployment } from '../../core/deployment.ts';
import { nextStatus } from '../../core/deployment-status.ts';
import { buildEnvironment } from '../../core/environment.ts';
import { buildDeadlineMs, inputOf, stepDeadlineMs } from '../../core/operation.ts';
import type { Release } from '../../core/release.ts';
import { outdatedRevisions, revisionOf } from '../../core/revision.ts';
import type { Change } from '../../ports/store.ts';
import { urlOf } from './addresses.ts';
import { deleteReplacedApiClients, ensureApiClient } from './api-clients.ts';
import type { OperationDependencies } from './dependencies.ts';
import type { Cancelled } from './operation-plan.ts';
import type { OperationRun } from './operation-run.ts';

import { awaitHealthy, refuseEnded } from './steps/await-healthy.ts';
import { buildApplication } from './steps/build-application.ts';
import { fetchSource } from './steps/fetch-source.ts';
import { type EarlierBuild, findEarlierBuilds } from './steps/find-earlier-builds.ts';
import { proposeRelease } from './steps/propose-release.ts';
import { type ReservedAddress, reserveAddresses } from './steps/reserve-addresses.ts';
import { runScript } from './steps/run-script.ts';
import { switchRelease, takeOut } from './steps/switch-release.ts';
import { ensureTopics, removeTopic } from './topics.ts';

/** Create, redeploy and rollback: the same steps, for a release that does not exist yet. */
export async function deploy(deps: OperationDependencies, run: OperationRun): Promise<void> {
  const input = inputOf(run.operation, 'deploy');
  const deployment = await start(deps, run);
  const earlier = await findEarlierBuilds(deps, deployment);
  await run.step(
    'fetch-source',
    { failed: 'Connector source could not be fetched', mayRepeat: true },
    (scope) => fetchSource(deps, deployment, earlier, scope),
  );
  const addresses = await run.step(
    'reserve-addresses',
    { failed: 'Addresses of the applications could not be reserved', mayRepeat: true },
    (scope) => reserveAddresses(deps, deployment, scope),
  );
  const artifactKeys = await buildAll(deps, run, { deployment, addresses, earlier });
  await ensureApiClient(deps, run, deployment);
  await ensureTopics(deps, run, addresses);
  const withClient = await read(deps, run);
  const release = await propose(deps, run, { deployment: withClient, addresses, artifactKeys });
  await run.step(
    'await-healthy',
    {
      failed: 'Applications did not start',
      starting: 'Starting applications',
      mayRepeat: true,
      deadlineMs: deps.startupTimeoutMs + stepDeadlineMs,
    },
    (scope) => awaitHealthy(deps, release, scope),
  );
  const switching = {
    failed: 'Traffic could not be switched',
    deadlineMs: deps.startupTimeoutMs + stepDeadlineMs,
  };
  await run.step('switch', switching, (scope) =>
    switchRelease(deps, release, scope, {
      commit: (changes) => run.commit(changes),
      check: async () => refuseEnded(await deps.store.runtime.instances({ releaseId: release.id })),
    }),
  );
  await releaseAddresses(deps, run, withClient, release);
  if (!input.skipScripts) await runPostDeploys(deps, run, withClient, release);
  await deleteReplacedApiClients(deps, run, withClient);
  await finish(deps, run, release);
}

/** A failed deploy leaves what served before serving (contract §2.4). */
export async function failDeploy(
  deps: OperationDependencies,
  run: OperationRun,
): Promise<readonly Change[]> {
  const unfinished = await unfinishedReleases(deps, run);
  return [...unfinished.map(takeOut), ...(await abandonDeploy(deps, run))];
}

export async function abandonDeploy(
  deps: OperationDependencies,
  run: OperationRun,
): Promise<readonly Change[]> {
  const deployment = await find(deps, run);
  if (deployment === undefined) return [];
  return [update(deps, deployment, { status: nextStatus(deployment.status, 'fail') })];
}

/** As a failure; and a Deployment that has never succeeded keeps nothing, even if it serves requests already. */
export async function cancelDeploy(
  deps: OperationDependencies,
  run: OperationRun,
): Promise<Cancelled> {
  const deployment = await find(deps, run);
  if (deployment === undefined) return { changes: [], outcome: 'The Deployment is gone.' };
  const changes = await failDeploy(deps, run);
  const { id: deploymentId, applications } = deployment;
  const current = await deps.store.runtime.releases({ states: ['current'], deploymentId });
  if (!applications.some(({ deployed }) => deployed)) {
    return {
      changes: [...current.map(takeOut), ...changes],
      outcome: 'Nothing of it is left running. Redeploy it, or delete it.',
    };
  }
  const takenOut = changes.flatMap((change) =>
    change.kind === 'set-release-state' ? [change.id] : [],
  );
  const serving = current.find(({ id }) => !takenOut.includes(id));
  return {
    changes,
    outcome:
      serving === undefined
        ? 'Nothing serves requests now.'
        : `Requests go to release ${serving.number}, which goes on serving.`,
  };
}

/** Candidates, and the operation's own release unless it has taken over for good. */
async function unfinishedReleases(
  { store }: OperationDependencies,
  { operation }: OperationRun,
): Promise<readonly Release[]> {
  const { deploymentId, version } = inputOf(operation, 'deploy');
  const releases = await store.runtime.releases({ states: ['candidate', 'current'], deploymentId });
  const steps = await store.operations.steps(operation.id);
  const hasTakenOver = steps.some(({ name }) => name === 'switch');
  return releases.filter(
    ({ state, number }) => state === 'candidate' || (number === version && !hasTakenOver),
  );
}

async function start(deps: OperationDependencies, run: OperationRun): Promise<Deployment> {
  const deployment = await read(deps, run);
  if (deployment.status !== 'Queued') return deployment;
  const change = update(deps, deployment, { status: nextStatus(deployment.status, 'start') });
  await run.commit([change]);
  return change.record;
}

async function buildAll(
  deps: OperationDependencies,
  run: OperationRun,
  {
    deployment,
    addresses,
    earlier,
  }: {
    readonly deployment: Deployment;
    readonly addresses: readonly ReservedAddress[];
    readonly earlier: ReadonlyMap<string, EarlierBuild>;
  },
): Promise<ReadonlyMap<string, string>> {
  const { spec, repository, commit } = deployment.connector;
  const built = addresses.map(async (address) => {
    const application = applicationNamed(spec, address.application);
    const own = deployment.applications.find((one) => one.name === address.application);
    if (application === undefined || own === undefined)
      throw new Error(`No application ${address.application}`);
    const url = urlOf(deps.addressing, { ...address, region: deployment.region });
    const environment = buildEnvironment(spec, application, {
      own: own.configuration,
      global: deployment.globalConfiguration,
      url,
    });
    const known = earlier.get(application.name);
    const isOutdated = isMerchantCenter(application.type) && known?.url !== url;
    const key = await run.step(
      `build/${application.name}`,
      {
        failed: 'Application build failed',
        starting: 'Building application',
        deadlineMs: buildDeadlineMs,
        mayRepeat: true,
        application: application.name,
      },
      (scope) =>
        buildApplication(
          deps,
          {
            repository: { ...repository, commit },
            application,
            environment,
            deploymentId: deployment.id,
            ...(known === undefined || isOutdated ? {} : { earlier: known }),
          },
          scope,
        ),
    );
    return [application.name, key] as const;
  });
  return new Map(await allOrFirstFailure(built));
}

/** Waits for all of them even when one fails: no build goes on behind an operation that has ended. */
async function allOrFirstFailure<T>(work: readonly Promise<T>[]): Promise<readonly T[]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}

async function propose(
  deps: OperationDependencies,
  run: OperationRun,
  given: Omit<Parameters<typeof proposeRelease>[1], 'id'>,
): Promise<Release> {
  const id = await run.step(
    'propose-release',
    { failed: 'Release could not be made' },
    async (scope) => {
      const record = proposeRelease(deps, { ...given, id: deps.newId() });
      scope.change({ kind: 'insert-release', record });
      return record.id;
    },
  );
  const release = await deps.store.runtime.release(id);
  if (release === undefined) throw new Error(`Release ${id} is gone`);
  return release;
}

/** What the new connector version or the revision lacks is gone with the old release; its addresses go too (contract §10, row 13). */
async function releaseAddresses(
  deps: OperationDependencies,
  run: OperationRun,
  { rollbackRevision }: Deployment,
  release: Release,
): Promise<void> {
  await run.step(
    'release-addresses',
    { failed: 'Addresses could not be released', mayRepeat: true },
    async (scope) => {
      const kept = new Set(release.applications.map(({ hostLabel }) => hostLabel));
      const addresses = await deps.store.runtime.addresses();
      const dropped = addresses.filter(
        ({ deploymentId, hostLabel }) =>
          deploymentId === release.deploymentId && !kept.has(hostLabel),
      );
      for (const address of dropped) {
        scope.change({ kind: 'put-address', address: { ...address, state: 'released' } });
        await removeTopic(deps, address, scope);
        const name = `"${address.applicationName}"`;
        scope.report(
          'Information',
          'Application removed',
          rollbackRevision === undefined
            ? `The connector no longer has ${name}.`
            : `Revision ${rollbackRevision} does not have ${name}.`,
        );
      }
    },
  );
}

/** One after another, in the request's order, once everything is up (contract §10, row 9). */
async function runPostDeploys(
  deps: OperationDependencies,
  run: OperationRun,
  deployment: Deployment,
  release: Release,
): Promise<void> {
  for (const application of release.applications) {
    const { name } = application;
    const command = applicationNamed(deployment.connector.spec, name)?.scripts.postDeploy;
    const starting = command === undefined ? {} : { starting: 'Running script "postDeploy"' };
    await run.step(
      `post-deploy/${name}`,
      {
        failed: "Failed during the execution of 'postDeploy' script",
        application: name,
        deadlineMs: deps.scriptTimeoutMs + stepDeadlineMs,
        mayRepeat: command === undefined,
        ...starting,
      },
      async (scope) => {
        if (command === undefined)
          scope.report('Information', 'Script for "postDeploy" not defined');
        else
          await runScript(
            deps,
            { script: 'postDeploy', command, deployment, release, application },
            scope,
          );
      },
    );
  }
}

async function finish(
  deps: OperationDependencies,
  run: OperationRun,
  release: Release,
): Promise<void> {
  const deployment = await read(deps, run);
  const byName = new Map(
    release.applications.map((application) => [application.name, application]),
  );
  const applications = deployment.applications.map((application) => {
    const released = byName.get(application.name);
    return {
      ...application,
      ...(released?.url === undefined ? {} : { url: released.url }),
      ...(released?.topic === undefined ? {} : { topic: released.topic }),
      deployed: true,
    };
  });
  const updated = update(deps, deployment, {
    status: nextStatus(deployment.status, 'succeed'),
    applications,
  });
  const seconds = ((deps.clock.now() - run.operation.createdAt) / 1000).toFixed(1);
  await run.finish(
    'succeeded',
    [updated, ...(await revisionChanges(deps, updated.record, release))],
    {
      step: 'finish',
      entries: [run.entry('Information', 'Deployment finished', `In ${seconds} s.`)],
    },
  );
}

/** Something to go back to, in the commit that makes it `Deployed` (contract §2.8); what is too old goes. */
async function revisionChanges(
  { store, clock, keepRevisions }: OperationDependencies,
  deployment: Deployment,
  release: Release,
): Promise<readonly Change[]> {
  const { id, projectKey, rollbackRevision } = deployment;
  const record = revisionOf(deployment, release, clock.now());
  const numbers = [record.number, ...(await store.revisions.numbers(projectKey, id))];
  const outdated = outdatedRevisions(numbers, {
    keep: keepRevisions,
    ...(rollbackRevision === undefined ? {} : { rollbackRevision }),
  });
  return [
    { kind: 'insert-revision', record },
    { kind: 'delete-revisions', deploymentId: id, numbers: outdated },
  ];
}

async function read(deps: OperationDependencies, run: OperationRun): Promise<Deployment> {
  const deployment = await find(deps, run);
  if (deployment === undefined) throw new Error(`The Deployment of ${run.operation.id} is gone`);
  return deployment;
}

function find(
  { store }: OperationDependencies,
  { operation }: OperationRun,
): Promise<Deployment | undefined> {
  return store.deployments.byId(inputOf(operation, 'deploy').deploymentId);
}

/** Background work leaves the version alone (contract §10, row 15). */
function update(
  deps: Pick<OperationDependencies, 'clock'>,
  deployment: Deployment,
  change: Partial<Deployment>,
) {
  return {
    kind: 'update-deployment',
    record: { ...deployment, ...change, lastModifiedAt: deps.clock.now() },
    expectedVersion: deployment.version,
  } as const;
}
