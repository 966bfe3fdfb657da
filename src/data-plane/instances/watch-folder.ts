import { type FSWatcher, watch } from 'node:fs';

/** Tells when something comes to be in a folder, or goes. */
export interface FolderWatch extends Disposable {
  /** Resolves with the next change; never once nobody tells any more. */
  next(): Promise<void>;
}

/** Whose folder it is may fill it and empty it again all the time: nobody follows that for long. */
const most = 32;

/** Undefined where the folder is not there yet, or the system tells nobody. */
export function watchFolder(path: string): FolderWatch | undefined {
  let change = Promise.withResolvers<void>();
  let changes = 0;
  let watcher: FSWatcher;
  try {
    watcher = watch(path, { persistent: false });
  } catch {
    return undefined;
  }
  watcher.on('error', () => watcher.close());
  watcher.on('change', () => {
    changes += 1;
    if (changes >= most) watcher.close();
    change.resolve();
    change = Promise.withResolvers();
  });
  return {
    next: () => change.promise,
    [Symbol.dispose]: () => watcher.close(),
  };
}
