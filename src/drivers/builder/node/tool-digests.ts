import { stat } from 'node:fs/promises';
import { createFileDigests, type FileDigests } from './file-digests.ts';
import { listTree } from './list-tree.ts';
import { describeTree, digestOfManifest } from './manifest.ts';

/** A program that took part in a build: one file, or the folder of a package. */
export interface ToolPlace {
  readonly name: string;
  readonly version: string;
  readonly path: string;
}

export interface ToolDigest extends ToolPlace {
  readonly sha256: string;
}

/** Each is read once in the life of this process: packages of tools never change in place. */
export type DigestTools = (tools: readonly ToolPlace[]) => Promise<readonly ToolDigest[]>;

export function createToolDigests(): DigestTools {
  const known = new Map<string, Promise<string>>();
  const digestOf = (path: string): Promise<string> => {
    const running = known.get(path) ?? digestPlace(path, createFileDigests());
    known.set(path, running);
    running.catch(() => known.delete(path));
    return running;
  };
  return (tools) =>
    Promise.all(tools.map(async (tool) => ({ ...tool, sha256: await digestOf(tool.path) })));
}

async function digestPlace(path: string, digests: FileDigests): Promise<string> {
  const stats = await stat(path);
  if (stats.isFile()) return digests.of(path, { identity: path, bytes: stats.size });
  return digestOfManifest(await describeTree(path, await listTree(path), digests));
}
