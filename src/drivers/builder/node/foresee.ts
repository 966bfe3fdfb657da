import { BuildFailure } from '../../../core/failure.ts';
import type {
  BuildRequest,
  ForeseenBuild,
  ForeseeOptions,
  Provenance,
} from '../../../ports/builder.ts';
import type { Source } from '../../../ports/source.ts';
import type { ArtifactStore } from './artifact-store.ts';
import { openCheckout } from './checkout.ts';
import type { InputReader } from './inputs.ts';
import { type PlannedRequest, planRequest } from './plan-request.ts';
import { MissingTool, type Tools } from './tools.ts';
import type { Turns } from './turns.ts';

export interface ForeseeDeps {
  readonly source: Source;
  readonly workDirectory: string;
  readonly reader: InputReader;
  readonly tools: Tools;
  readonly store: ArtifactStore;
  /** Who looks at a checkout when: clients ask as often as they like. */
  readonly turns: Turns;
  readonly requireRoom: () => Promise<void>;
}

/** As `Builder.foresee`. */
export async function foreseeBuild(
  deps: ForeseeDeps,
  request: BuildRequest,
  { signal, running }: ForeseeOptions,
): Promise<ForeseenBuild> {
  using _ = await deps.turns.take(signal);
  await using checkout = openCheckout(deps.source, request.repository, deps.workDirectory);
  const { reader, store, tools } = deps;
  try {
    const planned = await planRequest({ reader, toolset: tools.present }, request, async () => {
      await deps.requireRoom();
      return (await checkout.tree(signal)).tree;
    });
    if (planned.key === running && (await store.find(running)) !== undefined)
      return { outcome: 'reuse', reasons: [] };
    const isThere = (await store.find(planned.key)) !== undefined;
    return {
      outcome: isThere ? 'reuse' : 'build',
      reasons: [
        ...(await reasonsOf(store, planned, running)),
        ...(isThere ? ['It was built before.'] : []),
      ],
    };
  } catch (error) {
    if (error instanceof BuildFailure) return { outcome: 'fail', reasons: [error.message] };
    if (!(error instanceof MissingTool)) throw error;
    return { outcome: 'build', reasons: [`It needs ${error.message}, which is fetched first.`] };
  }
}

async function reasonsOf(
  store: ArtifactStore,
  planned: PlannedRequest,
  running: string | undefined,
): Promise<readonly string[]> {
  if (running === undefined) return ['It does not run yet.'];
  if (running === planned.key)
    return ['What it was built from is the same, and the build is gone.'];
  const provenance = await store.readProvenance(running);
  if (provenance === undefined) return ['The build that runs now is not kept any more.'];
  const found = [...changedTrees(planned, provenance), ...changedTools(planned, provenance)];
  if (found.length > 0) return found;
  const { applicationType } = provenance.predicate.buildDefinition.externalParameters;
  if (applicationType !== planned.request.type) return ['It is of another type now.'];
  return Object.keys(planned.request.environment).length > 0
    ? ['Values that are compiled into it have changed.']
    : ['This Berth builds it in another way.'];
}

function changedTrees({ inputs }: PlannedRequest, provenance: Provenance): readonly string[] {
  const was = new Map(
    dependenciesOf(provenance)
      .filter(({ digest }) => digest['gitTree'] !== undefined)
      .map(({ name, digest }) => [name, digest['gitTree']]),
  );
  return [...inputs.trees].flatMap(([folder, id]) => {
    const name = folder === '' ? '.' : folder;
    if (was.get(name) === id) return [];
    return folder === '' ? ['The repository has changed.'] : [`Folder "${folder}" has changed.`];
  });
}

function changedTools({ tools }: PlannedRequest, provenance: Provenance): readonly string[] {
  const was = new Map(
    dependenciesOf(provenance)
      .filter(({ uri }) => uri.startsWith('pkg:npm/'))
      .map(({ name, uri }) => [name, uri.slice(uri.lastIndexOf('@') + 1)]),
  );
  return tools.places.flatMap(({ name, version }) => {
    const before = was.get(name);
    if (before === version) return [];
    return [`It is built with ${name} ${version}${before === undefined ? '' : `, not ${before}`}.`];
  });
}

function dependenciesOf({ predicate }: Provenance) {
  return predicate.buildDefinition.resolvedDependencies;
}
