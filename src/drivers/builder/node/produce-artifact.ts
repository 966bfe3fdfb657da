import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { arch, platform } from 'node:process';
import type { BuildRequest } from '../../../ports/builder.ts';
import { type ArtifactBounds, requireBounds } from './artifact-bounds.ts';
import type { ArtifactStore, StoredArtifact } from './artifact-store.ts';
import { buildApplication } from './build-application.ts';
import { type BuildSurroundings, buildEnvironment } from './build-environment.ts';
import type { Checkout } from './checkout.ts';
import { type CommandContext, createCommandRunner } from './command-runner.ts';
import type { Confinement } from './confinement.ts';
import type { DependencyLayers } from './dependency-layers.ts';
import type { DownloadCaches } from './download-caches.ts';
import type { FileDigests } from './file-digests.ts';
import type { BuildInputs } from './inputs.ts';
import { listTree } from './list-tree.ts';
import { digestLockfiles } from './lockfile-digest.ts';
import { describeTree } from './manifest.ts';
import type { BuildPlan } from './plan.ts';
import { describeProvenance } from './provenance.ts';
import type { Waiter } from './shared-runs.ts';
import type { DigestTools } from './tool-digests.ts';
import type { Tools } from './tools.ts';
import type { Turns } from './turns.ts';

export interface ProductionDeps {
  readonly store: ArtifactStore;
  readonly layers: DependencyLayers;
  readonly tools: Tools;
  readonly surroundings: BuildSurroundings;
  readonly confinement: Confinement;
  readonly turns: Turns;
  readonly downloads: DownloadCaches;
  readonly requireRoom: CommandContext['requireRoom'];
  readonly timeoutMs: CommandContext['timeoutMs'];
  readonly digests: FileDigests;
  readonly digestTools: DigestTools;
  readonly bounds: ArtifactBounds;
  readonly berthVersion: string;
}

const submodulesLeftOut =
  'The repository has submodules, and none of them was fetched. What an application needs of them belongs into the repository itself, or into a package.';

export interface Production {
  readonly key: string;
  readonly request: BuildRequest;
  readonly plan: BuildPlan;
  readonly inputs: BuildInputs;
  readonly checkout: Checkout;
}

/** Builds in the checkout and hands it over to the store. */
export async function produceArtifact(
  deps: ProductionDeps,
  { key, request, plan, inputs, checkout }: Production,
  { signal, onOutput, onWait }: Waiter,
): Promise<StoredArtifact> {
  await using _checkout = checkout;
  using _turn = await deps.turns.take(signal, onWait);
  const present = await deps.store.find(key);
  if (present !== undefined) return present;

  await deps.requireRoom();
  const startedAt = new Date();
  const { application } = request;
  const at = await checkout.tree(signal);
  const { artifact, tree, home, temporary } = at;
  const surroundings: CommandContext['surroundings'] = async (manager) => {
    const { path } = await deps.tools.toolset(plan.node, manager);
    const folders = { home, temporary, path: [path] };
    return { path, environment: buildEnvironment(deps.surroundings, folders, request.environment) };
  };
  const commands = createCommandRunner({
    ...{ application, tree, surroundings, signal, onOutput },
    requireRoom: deps.requireRoom,
    confine: (command) => deps.confinement.confine({ ...command, at }),
    timeoutMs: deps.timeoutMs,
  });
  const { places } = await deps.tools.toolset(plan.node, plan.manager);
  const tools = deps.digestTools(places);
  // It is awaited when the build has come so far.
  tools.catch(() => undefined);
  const left = existsSync(join(tree, '.gitmodules')) ? [submodulesLeftOut] : [];
  for (const note of left) onOutput(note);
  const lockfiles = await digestLockfiles(tree, inputs);
  const built = await buildApplication({
    ...{ application, tree, plan, inputs, commands, onOutput },
    downloads: deps.downloads,
    async findLayer(folder, record, manager) {
      const { versions } = await deps.tools.toolset(plan.node, manager);
      const { registry } = deps.surroundings;
      const surroundings = [platform, arch, versions, registry, request.environment];
      return deps.layers.find({ folder, record, manager, surroundings });
    },
  });
  const items = await listTree(tree);
  requireBounds(application, items, deps.bounds);
  const { node, manager } = plan;
  const { commit } = request.repository;
  const described = {
    ...{ key, request, plan, lockfiles, startedAt },
    trees: inputs.trees,
    tools: await tools,
    berthVersion: deps.berthVersion,
  };
  return await deps.store.add(artifact, {
    record: {
      format: 2,
      key,
      application,
      commit,
      node,
      manager,
      ...built,
      notes: [...left, ...built.notes],
    },
    manifest: await describeTree(tree, items, deps.digests),
    provenance: (manifest) =>
      describeProvenance({ ...described, manifest, finishedAt: new Date() }),
  });
}
