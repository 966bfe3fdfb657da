import { readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { treeBytes } from './tree-bytes.ts';

/** How large an artifact or a layer is and when it was last used, in a file beside it: measuring takes long. */
export interface Usage {
  readonly bytes: number;
  /** ms since the epoch */
  readonly usedAt: number;
}

const recordFile = 'usage.json';

/** Measured and written down where that has not been done. */
export async function readUsage(folder: string, options: { own: boolean }): Promise<Usage> {
  const file = join(folder, recordFile);
  try {
    const record: unknown = JSON.parse(await readFile(file, 'utf8'));
    const { mtimeMs } = await stat(file);
    if (isRecord(record)) return { bytes: record.bytes, usedAt: mtimeMs };
  } catch {
    // Not there or damaged: it is measured again.
  }
  const bytes = await treeBytes(folder, options);
  // Without it the next look measures again, and that is all.
  await writeFile(file, JSON.stringify({ bytes })).catch(() => undefined);
  return { bytes, usedAt: Date.now() };
}

export async function touchUsage(folder: string): Promise<void> {
  const now = new Date();
  // One that was never measured is young.
  await utimes(join(folder, recordFile), now, now).catch(() => undefined);
}

function isRecord(value: unknown): value is { readonly bytes: number } {
  return (
    typeof value === 'object' && value !== null && 'bytes' in value && Number.isFinite(value.bytes)
  );
}
