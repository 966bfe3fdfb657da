import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** What package managers read of a folder, beside its package.json. */
export const managerFiles: readonly string[] = [
  'npm-shrinkwrap.json',
  'package-lock.json',
  'yarn.lock',
  'pnpm-lock.yaml',
  '.npmrc',
  '.yarnrc',
  '.yarnrc.yml',
  'pnpm-workspace.yaml',
];

/** Lockfiles of whole monorepos have some 5 MiB. */
export const maxManagerFileBytes = 32 * 1024 * 1024;

/** What of a repository is no file, or larger than Berth reads. */
export class UnreadableFile extends Error {}

/**
 * A file of a repository, whose commands may have run meanwhile: a pipe is never waited for. Undefined where there is none.
 * @throws UnreadableFile
 */
export async function readBounded(path: string, maxBytes: number): Promise<Buffer | undefined> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(absent);
  if (file === undefined) return undefined;
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new UnreadableFile('it is not a file');
    if (stats.size > maxBytes) {
      throw new UnreadableFile(`it is larger than ${Math.floor(maxBytes / 1024 / 1024)} MiB`);
    }
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** Of a path that a repository names: a link in a circle or a name that no disk takes is as good as nothing. */
export function absent(error: unknown): undefined {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (nowhere.has(code)) return undefined;
  throw error;
}

const nowhere = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'ERR_INVALID_ARG_VALUE']);
