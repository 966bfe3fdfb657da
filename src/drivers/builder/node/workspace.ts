import { join } from 'node:path';
import type { Workspace } from '../../../ports/builder.ts';
import type { StoredArtifact } from './artifact-store.ts';
import { withNpmrc } from './confinement.ts';
import { copyAroundPackages, copyTree } from './copy-tree.ts';
import { createWorkFolder } from './work-folders.ts';

/** A copy of a built tree that goes when it is disposed of, with all that still runs in it. */
export async function openWorkspace(
  parent: string,
  { tree, record }: StoredArtifact,
  {
    isConfined,
    npmrc,
    ...tools
  }: Pick<Workspace, 'path' | 'environment'> & {
    readonly isConfined: boolean;
    readonly npmrc: string | undefined;
  },
): Promise<Workspace> {
  await using folder = new AsyncDisposableStack();
  const { directory } = folder.use(await createWorkFolder(parent));
  const copy = join(directory, 'tree');
  // Shared files are the artifact's own: what is confined must not be able to write to them.
  await (record.sharesPackages && !isConfined ? copyAroundPackages : copyTree)(tree, copy);
  const owned = folder.move();
  return {
    directory: join(copy, record.application),
    root: directory,
    path: tools.path,
    environment: { ...tools.environment, ...(isConfined ? await withNpmrc(npmrc, directory) : {}) },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
