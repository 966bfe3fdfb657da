import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { TreeItem } from './list-tree.ts';

/** SHA-256 of files, as hexadecimal digits. */
export interface FileDigests {
  /** Each file is read once: while its identity is the same, the answer is remembered. */
  of(path: string, item: Pick<TreeItem, 'identity' | 'bytes'>): Promise<string>;
}

/** Some 20 MB at most. Files that artifacts share by hard links count once. */
const rememberedFiles = 100_000;
const atOnceBytes = 1024 * 1024;

export function createFileDigests(): FileDigests {
  const known = new Map<string, string>();
  return {
    async of(path, { identity, bytes }) {
      const remembered = known.get(identity);
      if (remembered !== undefined) return Buffer.from(remembered, 'latin1').toString('hex');
      const digest = await readDigest(path, bytes);
      known.set(identity, digest.toString('latin1'));
      const [oldest] = known.keys();
      if (known.size > rememberedFiles && oldest !== undefined) known.delete(oldest);
      return digest.toString('hex');
    },
  };
}

async function readDigest(path: string, bytes: number): Promise<Buffer> {
  const hash = createHash('sha256');
  if (bytes <= atOnceBytes) return hash.update(await readFile(path)).digest();
  await pipeline(createReadStream(path), hash);
  return hash.digest();
}
