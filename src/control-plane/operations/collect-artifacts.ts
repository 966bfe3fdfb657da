import type { OperationDependencies } from './dependencies.ts';

/**
 * Removes artifacts that no release, revision and connector needs where all together have more than `maxBytes`. Those used at or
 * after `usedSince` (ms since the epoch) stay: an operation that has not written down yet that it took one may have begun then.
 */
export async function collectArtifacts(
  { store, builder, logger }: Pick<OperationDependencies, 'store' | 'builder' | 'logger'>,
  limits: { readonly maxBytes: number; readonly usedSince: number },
): Promise<void> {
  const pinned = await store.runtime.artifactKeys();
  const removed = await builder.prune({ pinned, ...limits });
  if (removed.length > 0)
    logger.info({ removed: removed.length }, 'removed artifacts that nothing needs');
}
