import { readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';

/** A folder's files as URL paths: what may be answered, and nothing else. */
export interface FileIndex {
  /** Without symbolic links in it. */
  readonly directory: string;
  readonly paths: ReadonlySet<string>;
}

/**
 * Hidden files are left out, and so is every symbolic link that leads out of the folder or to another folder: those
 * may lead in circles.
 * @throws where the folder cannot be read or holds more than `limit` files
 */
export async function indexFiles(folder: string, limit: number): Promise<FileIndex> {
  const directory = await realpath(folder);
  const paths = new Set<string>();
  const open = [''];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const entry of await readdir(join(directory, at), { withFileTypes: true })) {
      const path = `${at}/${entry.name}`;
      if (isHidden(entry.name)) continue;
      if (entry.isDirectory()) open.push(path);
      else if (entry.isFile() || (await isLinkToInside(directory, path))) paths.add(path);
      if (paths.size > limit) throw new Error(`It holds more than ${limit} files.`);
    }
  }
  return { directory, paths };
}

/** The file that answers a URL path, as static hosts resolve it. */
export function findFile({ paths }: FileIndex, path: string): string | undefined {
  const candidates = path.endsWith('/')
    ? [`${path}index.html`]
    : [path, `${path}.html`, `${path}/index.html`];
  return candidates.find((candidate) => paths.has(candidate));
}

function isHidden(name: string): boolean {
  return name.startsWith('.') && name !== '.well-known';
}

async function isLinkToInside(directory: string, path: string): Promise<boolean> {
  try {
    const target = await realpath(join(directory, path));
    return target.startsWith(directory + sep) && (await stat(target)).isFile();
  } catch {
    // A link to nowhere is no file.
    return false;
  }
}
