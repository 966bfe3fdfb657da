import { setImmediate as nextTurn } from 'node:timers/promises';
import { applicationNamed } from '../../core/configuration.ts';
import { buildEnvironment } from '../../core/environment.ts';
import { describeFailure } from '../../core/failure.ts';
import type { Release, ReleaseApplication } from '../../core/release.ts';
import type { OperationDependencies } from './dependencies.ts';

export type MendDependencies = Pick<OperationDependencies, 'store' | 'builder' | 'logger'>;

/**
 * Builds again what serves and is not here: after a restore, or where somebody has removed it. Of the commit that the
 * revision was pinned to, so that it is the same application. The data plane starts it by itself then.
 */
export async function mendArtifacts(deps: MendDependencies, signal: AbortSignal): Promise<void> {
  const { runtime } = deps.store;
  if (await isAllHere(deps, signal)) return;
  // One by one: there may be thousands.
  for (const { id } of await runtime.releaseMarks({ states: ['current'] })) {
    const release = await runtime.release(id);
    // To build takes its time: what has left meanwhile needs nothing.
    if (release?.state !== 'current') continue;
    const keys = new Map<string, string>();
    for (const application of release.applications) {
      if ((await deps.builder.find(application.artifactKey)) !== undefined) continue;
      const key = await tryBuild(deps, release, application, signal);
      if (signal.aborted) return;
      if (key !== undefined) keys.set(application.name, key);
    }
    await replaceKeys(deps, release, keys);
  }
}

/** Mostly it is, and then no release is read: there may be thousands, and this is asked again and again. */
async function isAllHere(
  { store, builder }: MendDependencies,
  signal: AbortSignal,
): Promise<boolean> {
  let found = 0;
  for (const key of await store.runtime.releaseArtifacts({ states: ['current'] })) {
    if (signal.aborted) return true;
    // Where that fails, it fails for its own release only.
    const artifact = await builder.find(key).catch(() => undefined);
    if (artifact === undefined) return false;
    found += 1;
    // A builder may look without letting anybody else have a turn.
    if (found % artifactsInATurn === 0) await nextTurn();
  }
  return true;
}

const artifactsInATurn = 32;

async function tryBuild(
  deps: MendDependencies,
  release: Release,
  application: ReleaseApplication,
  signal: AbortSignal,
): Promise<string | undefined> {
  const of = { deploymentId: release.deploymentId, application: application.name };
  try {
    const key = await build(deps, release, application, signal);
    if (key !== undefined) deps.logger.info(of, 'a missing artifact was built again');
    return key;
  } catch (error) {
    deps.logger.warn(
      { ...of, reason: describeFailure(error) },
      'an artifact of what serves is missing and could not be built again; it is tried again',
    );
    return undefined;
  }
}

/** Undefined where no revision tells of what: it is being deployed, or was deployed before there were revisions. */
async function build(
  { store, builder }: MendDependencies,
  { projectKey, deploymentId, number }: Release,
  { name, type, url = '' }: ReleaseApplication,
  signal: AbortSignal,
): Promise<string | undefined> {
  const revision = await store.revisions.get(projectKey, deploymentId, number);
  const own = revision?.applications.find((one) => one.name === name);
  const spec = revision && applicationNamed(revision.connector.spec, name);
  if (revision === undefined || own === undefined || spec === undefined) return undefined;
  const { repository, commit } = revision.connector;
  const values = { own: own.configuration, global: revision.globalConfiguration, url };
  const environment = buildEnvironment(revision.connector.spec, spec, values);
  const { artifact } = await builder.build(
    { application: name, type, repository: { ...repository, commit }, environment },
    { signal, onOutput: () => {} },
  );
  return artifact.key;
}

/** They differ where this machine has other tools than the one that built them first. */
async function replaceKeys(
  { store }: MendDependencies,
  release: Release,
  keys: ReadonlyMap<string, string>,
): Promise<void> {
  if (keys.size === 0) return;
  const applications = release.applications.map((one) => ({
    ...one,
    artifactKey: keys.get(one.name) ?? one.artifactKey,
  }));
  await store.commit([{ kind: 'replace-artifacts', record: { ...release, applications } }]);
}
