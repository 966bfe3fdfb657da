import { join } from 'node:path';
import { execa } from 'execa';
import type { ManagerName } from './package-manager.ts';
import { createWorkFolder, moveAway } from './work-folders.ts';

/**
 * What package managers keep of downloads, for all builds. Each compares it before it uses it, in its own way; this adds
 * what it leaves out. Yarn 1 compares nothing, and damages what two of it use at once: it gets a cache for each build,
 * which is where it looks unless it is told.
 */
export interface DownloadCaches {
  /** Before an install. */
  prepare(manager: ManagerName): Promise<void>;
  /** Given the last lines of an install that failed. True: what was damaged is gone, and another try is worth it. */
  forgetDamaged(manager: ManagerName, tail: string): Promise<boolean>;
}

export function openDownloadCaches(options: {
  readonly cacheDirectory: string;
  readonly workDirectory: string;
}): DownloadCaches {
  const { cacheDirectory, workDirectory } = options;
  return {
    async prepare(manager) {
      // npm fetches again what is not as the lockfile says.
      if (manager === 'pnpm') await touchFiles(join(cacheDirectory, 'pnpm'));
    },
    async forgetDamaged(manager, tail) {
      // It finds the difference, and would fail ever after.
      if (manager !== 'yarn-berry' || !/\bYN0018\b/.test(tail)) return false;
      await using trash = await createWorkFolder(workDirectory);
      // Builds write in it: what is in there may lead anywhere by now, the folder itself cannot.
      await moveAway(join(cacheDirectory, 'yarn-berry'), join(trash.directory, 'yarn-berry'));
      return true;
    },
  };
}

const touchTimeoutMs = 60_000;

/** pnpm reads a file of its store again only where its time says that somebody has written to it since. */
async function touchFiles(store: string): Promise<void> {
  const touch = ['-exec', 'touch', '--no-dereference', '--no-create', '{}', '+'];
  // Where there is no such program or no store yet, pnpm looks as it always does.
  await execa('find', [store, '-path', '*/files/*', '-type', 'f', ...touch], {
    stdio: 'ignore',
    reject: false,
    timeout: touchTimeoutMs,
  });
}
