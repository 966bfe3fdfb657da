import { join, resolve } from 'node:path';
import { ArtifactDamaged, BuildFailure } from '../../../core/failure.ts';
import type { Builder, PruneRule } from '../../../ports/builder.ts';
import type { Source } from '../../../ports/source.ts';
import { noSandbox } from '../../sandbox/no-sandbox.ts';
import type { Limits, Sandbox } from '../../sandbox/sandbox.ts';
import { type ArtifactBounds, defaultBounds } from './artifact-bounds.ts';
import { type ArtifactStore, openArtifactStore, type StoredArtifact } from './artifact-store.ts';
import { auditApplications } from './audit.ts';
import {
  buildEnvironment,
  operatorNpmrc,
  selectOperatorEnvironment,
  toolEnvironment,
} from './build-environment.ts';
import { openCheckout } from './checkout.ts';
import { chooseEvictions } from './choose-evictions.ts';
import { openConfinement } from './confinement.ts';
import { openDependencyLayers } from './dependency-layers.ts';
import { describeArtifact } from './describe-artifact.ts';
import { openDownloadCaches } from './download-caches.ts';
import { createFileDigests } from './file-digests.ts';
import { foreseeBuild } from './foresee.ts';
import { createInputReader } from './inputs.ts';
import { readOwnVersion } from './own-version.ts';
import { planRequest } from './plan-request.ts';
import { type ProductionDeps, produceArtifact } from './produce-artifact.ts';
import { pruneCaches } from './prune-caches.ts';
import { createRecentAudits } from './recent-audits.ts';
import { createSharedRuns } from './shared-runs.ts';
import { createToolDigests } from './tool-digests.ts';
import { cacheOf } from './tool-folders.ts';
import { openToolPackages } from './tool-packages.ts';
import { openTools } from './tools.ts';
import { createTurns, type Turns } from './turns.ts';
import { sweepLeftovers } from './work-folders.ts';
import { openWorkspace } from './workspace.ts';

export interface NodeBuilderOptions {
  /** Artifacts, work folders and workspaces. */
  readonly directory: string;
  /** Programs and download caches, which any number of builders may share. */
  readonly toolDirectory: string;
  readonly source: Source;
  /** The environment Berth was started with; builds get the network and registry settings out of it. */
  readonly operatorEnvironment?: Readonly<Record<string, string | undefined>>;
  /** Instead of the one the operator has configured for npm. */
  readonly registry?: string | undefined;
  /** Heap of each node process in a build. */
  readonly memoryHintMb?: number;
  /** Before each command of a build. @throws DiskFull where there is no room for what it writes */
  readonly requireRoom?: () => Promise<void>;
  /** Where installs, builds and audits run. Absent: they see and use all that Berth does. */
  readonly sandbox?: Sandbox;
  /** Of each command there. */
  readonly jobLimits?: Limits;
  /** Of what a build leaves: 4 GiB and 300,000 files by default. */
  readonly bounds?: Partial<ArtifactBounds>;
  /** Who may build when; two builds at once by default. */
  readonly turns?: Turns;
  readonly limits: {
    readonly installTimeoutMs: number;
    readonly buildTimeoutMs: number;
    /** 30 s by default: an audit is never worth a long wait. */
    readonly auditTimeoutMs?: number;
  };
}

const auditsAtOnce = 2;
const looksAtOnce = 2;
const defaultJobLimits: Limits = {
  memoryMb: 4096,
  cpus: 4,
  processes: 2048,
  openFiles: 65_536,
  fileMb: 10_240,
  scratchMb: 512,
  diskMb: 10_240,
  niceness: 10,
};
export const artifactsFolder = 'artifacts';

/** Builds with npm, yarn and pnpm on this machine. */
export function openNodeBuilder(given: NodeBuilderOptions): Builder {
  const options = {
    ...given,
    directory: resolve(given.directory),
    toolDirectory: resolve(given.toolDirectory),
  };
  const { directory, toolDirectory, source, sandbox = noSandbox } = options;
  const workDirectory = join(directory, 'work');
  const workspaces = join(directory, 'workspaces');
  const leftovers = [workDirectory, workspaces, join(toolDirectory, 'work')];
  const sweep = () => Promise.all(leftovers.map(sweepLeftovers));
  const swept = sweep();
  const deps = openDeps(options, workDirectory);
  const { store, layers, tools } = deps;
  const reader = createInputReader(source);
  const runs = createSharedRuns<StoredArtifact>();
  /** Keys of artifacts that there are workspaces of. */
  const inUse: string[] = [];
  const auditDeps = {
    ...deps,
    reader,
    recent: createRecentAudits(),
    auditTurns: createTurns(auditsAtOnce),
    auditTimeoutMs: options.limits.auditTimeoutMs ?? 30_000,
  };

  const foreseeDeps = { ...deps, source, workDirectory, reader, turns: createTurns(looksAtOnce) };
  const describe = async (stored: StoredArtifact) =>
    describeArtifact(stored, await tools.toolset(stored.record.node, stored.record.manager));
  /** @throws ArtifactDamaged, and then it is as if it were gone */
  const findIntact = async (key: string): Promise<StoredArtifact | undefined> => {
    const stored = await store.find(key);
    if (stored === undefined) return undefined;
    const damage = await store.findDamage(stored, deps.digests);
    if (damage === undefined) return stored;
    // Pruned meanwhile: a file that is missing then is no damage.
    if ((await store.find(key)) === undefined) return undefined;
    await store.setAside(key, damage);
    for (const layer of stored.record.layers) await layers.remove(layer);
    throw new ArtifactDamaged(stored.record.application, damage);
  };

  return {
    async build(request, waiter) {
      await swept;
      waiter.signal.throwIfAborted();
      await using owned = new AsyncDisposableStack();
      const checkout = owned.use(openCheckout(source, request.repository, workDirectory));
      const planned = await planRequest({ reader, toolset: tools.toolset }, request, async () => {
        return (await checkout.tree(waiter.signal)).tree;
      });
      const present = await findIntact(planned.key).catch(damageOf);
      if (present !== undefined && !(present instanceof ArtifactDamaged)) {
        await store.touch(planned.key);
        return { artifact: await describe(present), reused: true, notes: present.record.notes };
      }
      const notes = present === undefined ? [] : [`${present.message} It was built again.`];
      const run = runs.join(planned.key, waiter, (shared) => {
        // The run outlives this caller where others wait for it too.
        owned.move();
        return produceArtifact(deps, { ...planned, checkout }, shared);
      });
      const stored = await run.result;
      return {
        artifact: await describe(stored),
        reused: run.joined,
        notes: [...notes, ...stored.record.notes],
      };
    },

    async audit(request, { signal }) {
      await swept;
      signal.throwIfAborted();
      await using checkout = openCheckout(source, request.repository, workDirectory);
      return await auditApplications(auditDeps, request, checkout, signal);
    },

    async foresee(request, options) {
      await swept;
      options.signal.throwIfAborted();
      return await foreseeBuild(foreseeDeps, request, options);
    },

    async find(key) {
      const stored = await store.find(key);
      return stored && describe(stored);
    },

    async findIntact(key) {
      const stored = await findIntact(key);
      return stored && describe(stored);
    },

    async openWorkspace(key) {
      await swept;
      const stored = await findIntact(key);
      if (stored === undefined) throw goneFailure(key);
      const { node, manager } = stored.record;
      const { path } = await tools.toolset(node, manager);
      await using opening = new AsyncDisposableStack();
      inUse.push(key);
      opening.defer(() => void inUse.splice(inUse.indexOf(key), 1));
      const workspace = opening.use(
        await openWorkspace(workspaces, stored, {
          tools: path,
          environment: toolEnvironment(deps.surroundings),
          isConfined: deps.confinement.isSeparate,
          canOverlay: sandbox.canOverlay,
          npmrc: deps.surroundings.npmrc,
          handOver: (folder) => sandbox.handOverNew(folder),
        }),
      );
      const opened = opening.move();
      return { ...workspace, [Symbol.asyncDispose]: () => opened.disposeAsync() };
    },

    async prune({ pinned, maxBytes, usedSince }) {
      // Of others that work here, and died since this one began.
      await sweep();
      const candidates = (await store.list()).map(({ record, usage }) => ({ ...record, ...usage }));
      const going = chooseEvictions(candidates, await layers.sizes(), {
        ...{ maxBytes, usedSince },
        pinned: new Set([...pinned, ...inUse]),
      });
      await store.remove([...going, ...(await findUnusable(store, { pinned, usedSince }))]);
      const kept = candidates.filter(({ key }) => !going.includes(key));
      await layers.prune(new Set(kept.flatMap((one) => one.layers)), usedSince);
      return going;
    },
    async pruneCaches(maxBytes) {
      await swept;
      const isIdle = () => runs.count() === 0;
      await pruneCaches(deps.surroundings.cacheDirectory, { maxBytes, isIdle });
    },
  };
}

function damageOf(error: unknown): ArtifactDamaged {
  if (error instanceof ArtifactDamaged) return error;
  throw error;
}

/** Of what is pinned something may still be running. */
async function findUnusable(
  store: ArtifactStore,
  { pinned, usedSince }: Pick<PruneRule, 'pinned' | 'usedSince'>,
): Promise<readonly string[]> {
  const unusable = await store.listUnusable();
  return unusable
    .filter(({ key, changedAt }) => !pinned.has(key) && changedAt < usedSince)
    .map(({ key }) => key);
}

function openDeps(options: NodeBuilderOptions, workDirectory: string): ProductionDeps {
  const { directory, toolDirectory, operatorEnvironment = {}, limits } = options;
  const { sandbox = noSandbox, jobLimits = defaultJobLimits } = options;
  const surroundings = {
    operator: selectOperatorEnvironment(operatorEnvironment),
    npmrc: operatorNpmrc(operatorEnvironment),
    registry: options.registry,
    memoryHintMb: options.memoryHintMb,
    cacheDirectory: cacheOf(toolDirectory, sandbox),
  };
  const digests = createFileDigests();
  const packages = openToolPackages({
    toolDirectory,
    digests,
    timeoutMs: limits.installTimeoutMs,
    // Not the builds' cache: what they leave there must not get into the tools, nor be another user's to them.
    environmentIn: (home) => {
      const apart = { ...surroundings, cacheDirectory: join(home, 'cache') };
      return buildEnvironment(apart, { home, temporary: home, path: [] }, {});
    },
  });
  return {
    tools: openTools({ toolDirectory, cacheDirectory: surroundings.cacheDirectory }, packages),
    confinement: openConfinement({ sandbox, limits: jobLimits, surroundings, toolDirectory }),
    digests,
    digestTools: createToolDigests(),
    bounds: { ...defaultBounds, ...options.bounds },
    berthVersion: readOwnVersion(),
    store: openArtifactStore(join(directory, artifactsFolder), workDirectory),
    layers: openDependencyLayers(join(directory, 'layers'), workDirectory, digests),
    surroundings,
    turns: options.turns ?? createTurns(2),
    downloads: openDownloadCaches({
      cacheDirectory: surroundings.cacheDirectory,
      workDirectory: join(toolDirectory, 'work'),
    }),
    requireRoom: options.requireRoom ?? (async () => {}),
    timeoutMs: { install: limits.installTimeoutMs, build: limits.buildTimeoutMs },
  };
}

function goneFailure(key: string): BuildFailure {
  return new BuildFailure('prepare', `The artifact ${key} is gone.`, {
    nextStep: 'Redeploy: it is built again.',
  });
}
