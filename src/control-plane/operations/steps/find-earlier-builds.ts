import type { Deployment } from '../../../core/deployment.ts';
import { ArtifactDamaged } from '../../../core/failure.ts';
import type { Artifact } from '../../../ports/builder.ts';
import type { OperationDependencies } from '../dependencies.ts';

/** What a rollback need not build again. */
export interface EarlierBuild {
  readonly artifact: Artifact;
  readonly revision: number;
  /** Where the application answered then. A Merchant Center bundle has it compiled in. */
  readonly url?: string;
}

/** By application. Of a rollback only, and only what is still there; the rest is built again, of the same commit. */
export async function findEarlierBuilds(
  { store, builder }: Pick<OperationDependencies, 'store' | 'builder'>,
  { projectKey, id, rollbackRevision }: Deployment,
): Promise<ReadonlyMap<string, EarlierBuild>> {
  if (rollbackRevision === undefined) return new Map();
  const revision = await store.revisions.get(projectKey, id, rollbackRevision);
  const found = (revision?.applications ?? []).map(async ({ name, artifactKey, url }) => {
    // A damaged one is built again, as one that is gone.
    const artifact = await builder.findIntact(artifactKey).catch(ignoreDamage);
    if (artifact === undefined) return [];
    const build = { artifact, revision: rollbackRevision, ...(url === undefined ? {} : { url }) };
    return [[name, build] as const];
  });
  return new Map((await Promise.all(found)).flat());
}

function ignoreDamage(error: unknown): undefined {
  if (!(error instanceof ArtifactDamaged)) throw error;
  return undefined;
}
