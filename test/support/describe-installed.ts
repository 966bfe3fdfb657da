import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';

/** Path → permissions and digest of a file, or the target of a link: for comparing folders file by file. */
export type FolderDescription = Readonly<Record<string, string>>;

async function describeFolder(
  root: string,
  {
    leftOut,
    contentOf,
  }: {
    readonly leftOut: (path: string) => boolean;
    /** What counts of a file. */
    readonly contentOf: (path: string, content: Buffer) => Buffer | string;
  },
): Promise<FolderDescription> {
  const found: [string, string][] = [];
  const visit = async (folder: string): Promise<void> => {
    for (const name of (await readdir(join(root, folder))).sort()) {
      const path = folder === '' ? name : `${folder}/${name}`;
      if (leftOut(path)) continue;
      const stats = await lstat(join(root, path));
      if (stats.isDirectory()) await visit(path);
      else found.push([path, await describe(path, stats)]);
    }
  };
  const describe = async (path: string, stats: Stats): Promise<string> => {
    if (stats.isSymbolicLink()) return `→ ${await readlink(join(root, path))}`;
    if (!stats.isFile()) return 'neither file nor link';
    const content = contentOf(path, await readFile(join(root, path)));
    const digest = createHash('sha256').update(content).digest('hex');
    return `${(stats.mode & 0o777).toString(8)} ${digest}`;
  };
  await visit('');
  return Object.fromEntries(found);
}

/** When and where an install was: pnpm and Yarn note it down. */
const isNote = (path: string) =>
  /(?:^|\/)node_modules\/(?:\.modules\.yaml|\.pnpm-workspace-state[^/]*\.json)$/.test(path) ||
  /(?:^|\/)\.yarn\/install-state\.gz$/.test(path);

/** pnpm writes the place of an install into the programs of packages. */
const withoutPlace = (path: string, content: Buffer) =>
  path.startsWith('node_modules/.bin/')
    ? content.toString('latin1').replaceAll(/^ *export NODE_PATH=.*$/gm, '')
    : content;

/** Of an application whose packages are installed: all that is the same wherever and whenever that was. */
export function describeInstalled(directory: string): Promise<FolderDescription> {
  return describeFolder(directory, { leftOut: isNote, contentOf: withoutPlace });
}
