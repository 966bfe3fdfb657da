import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PinnedRepository, Source } from '../../../ports/source.ts';
import { treeFolder } from './artifact-store.ts';
import { createWorkFolder } from './work-folders.ts';

/** A repository in a work folder, written there when it is first asked for. */
export interface Checkout extends AsyncDisposable {
  tree(signal: AbortSignal): Promise<CheckedOut>;
}

export interface CheckedOut {
  /** All of it, and nothing else. */
  readonly directory: string;
  /** Becomes the artifact; holds `tree`. */
  readonly artifact: string;
  readonly tree: string;
  readonly home: string;
  readonly temporary: string;
}

export function openCheckout(
  source: Source,
  repository: PinnedRepository,
  workDirectory: string,
): Checkout {
  const owned = new AsyncDisposableStack();
  let written: Promise<CheckedOut> | undefined;

  const write = async (signal: AbortSignal): Promise<CheckedOut> => {
    const { directory } = owned.use(await createWorkFolder(workDirectory));
    // Short names: some tools put sockets there, whose paths are limited.
    const home = join(directory, 'h');
    const temporary = join(directory, 't');
    const artifact = join(directory, 'artifact');
    for (const folder of [home, temporary, artifact]) await mkdir(folder);
    const tree = join(artifact, treeFolder);
    await source.checkout(repository, tree, signal);
    return { directory, artifact, tree, home, temporary };
  };

  return {
    tree(signal) {
      written ??= write(signal);
      return written;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
