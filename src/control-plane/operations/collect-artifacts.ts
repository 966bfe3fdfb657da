import type { OperationDependencies } from './dependencies.ts';

/** Removes artifacts that no release and no connector needs. A build under way has none yet, so it loses nothing. */
export async function collectArtifacts({
  store,
  builder,
  logger,
}: Pick<OperationDependencies, 'store' | 'builder' | 'logger'>): Promise<void> {
  try {
    const removed = await builder.prune(await store.runtime.artifactKeys());
    if (removed.length > 0)
      logger.info({ removed: removed.length }, 'removed artifacts that nothing needs');
  } catch (error) {
    logger.warn({ err: error }, 'could not remove artifacts that nothing needs');
  }
}
