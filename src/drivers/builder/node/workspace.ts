import { join } from 'node:path';
import type { Workspace } from '../../../ports/builder.ts';
import { copyTree } from './copy-tree.ts';
import { createWorkFolder } from './work-folders.ts';

/** A copy of a built tree that goes when it is disposed of, with all that still runs in it. */
export async function openWorkspace(
  parent: string,
  from: { readonly tree: string; readonly application: string; readonly path: readonly string[] },
): Promise<Workspace> {
  await using folder = new AsyncDisposableStack();
  const { directory } = folder.use(await createWorkFolder(parent));
  const copy = join(directory, 'tree');
  await copyTree(from.tree, copy);
  const owned = folder.move();
  return {
    directory: join(copy, from.application),
    path: from.path,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
