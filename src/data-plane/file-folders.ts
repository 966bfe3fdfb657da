import { servingOf } from '../core/application.ts';
import { describeFailure } from '../core/failure.ts';
import type { Release } from '../core/release.ts';
import type { Builder } from '../ports/builder.ts';
import type { Logger } from '../ports/logger.ts';
import { whileSame } from './while-same.ts';

interface FileFolderDependencies {
  readonly builder: Pick<Builder, 'findIntact'>;
  readonly logger: Logger;
}

/** Finds the folders of built files, by artifact key. The same map again until one more is found. */
export function createFolderFinder({ builder, logger }: FileFolderDependencies) {
  let folders: ReadonlyMap<string, string> = new Map();
  const artifactsOf = whileSame(fileArtifacts);

  const find = async (artifactKey: string): Promise<string | undefined> => {
    const artifact = await builder.findIntact(artifactKey).catch((error: unknown) => {
      // It is not served, and found again once it was built again.
      logger.error({ artifactKey, reason: describeFailure(error) }, 'an artifact is not served');
    });
    return artifact?.start.kind === 'static' ? artifact.start.directory : undefined;
  };
  return async (releases: readonly Release[]): Promise<ReadonlyMap<string, string>> => {
    const found = new Map<string, string>();
    for (const key of artifactsOf(releases)) {
      const folder = folders.has(key) ? undefined : await find(key);
      if (folder !== undefined) found.set(key, folder);
    }
    if (found.size > 0) folders = new Map([...folders, ...found]);
    return folders;
  };
}

function fileArtifacts(releases: readonly Release[]): ReadonlySet<string> {
  const files = releases.flatMap(({ applications }) =>
    applications.filter(({ type }) => servingOf(type) !== 'process'),
  );
  return new Set(files.map(({ artifactKey }) => artifactKey));
}
