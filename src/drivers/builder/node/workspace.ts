import { join } from 'node:path';
import type { Workspace } from '../../../ports/builder.ts';
import type { StoredArtifact } from './artifact-store.ts';
import { copyAroundPackages, copyTree } from './copy-tree.ts';
import { createWorkFolder } from './work-folders.ts';

/** A copy of a built tree that goes when it is disposed of, with all that still runs in it. */
export async function openWorkspace(
  parent: string,
  { tree, record }: StoredArtifact,
  tools: Pick<Workspace, 'path' | 'environment'>,
): Promise<Workspace> {
  await using folder = new AsyncDisposableStack();
  const { directory } = folder.use(await createWorkFolder(parent));
  const copy = join(directory, 'tree');
  await (record.sharesPackages ? copyAroundPackages : copyTree)(tree, copy);
  const owned = folder.move();
  return {
    directory: join(copy, record.application),
    ...tools,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
