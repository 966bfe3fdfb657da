import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isUsableId, type RunFolder } from './run-folder.ts';

/**
 * What a later Berth must know to find a process tree that outlived this one. Written before the process is started, so
 * that no kill can come too early, and once more when its number is known.
 */
export interface InstanceRecord {
  readonly id: string;
  readonly pid?: number;
  /** Tells the process apart from a later one with the same number. */
  readonly startedAt?: string;
}

export interface Records {
  /** In calls that block: nothing starts before. */
  write(record: InstanceRecord): void;
  remove(id: string): Promise<void>;
  /** Before every start, and so in a call that blocks. */
  read(id: string): InstanceRecord | undefined;
  list(): Promise<readonly InstanceRecord[]>;
}

export async function openRecords(folder: RunFolder): Promise<Records> {
  await mkdir(folder.recordFolder, { recursive: true, mode: 0o700 });
  await removeHalfWritten(folder.recordFolder);
  return {
    write(record) {
      const file = folder.recordOf(record.id);
      writeFileSync(`${file}.new`, JSON.stringify(record), { mode: 0o600 });
      renameSync(`${file}.new`, file);
    },
    async remove(id) {
      await rm(folder.recordOf(id), { force: true });
    },
    read: (id) => readRecord(folder, id),
    async list() {
      const names = await readdir(folder.recordFolder);
      const ids = names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -5));
      return ids.map((id) => readRecord(folder, id)).filter((record) => record !== undefined);
    },
  };
}

async function removeHalfWritten(recordFolder: string): Promise<void> {
  const names = (await readdir(recordFolder)).filter((name) => name.endsWith('.json.new'));
  await Promise.all(names.map((name) => rm(join(recordFolder, name), { force: true })));
}

function readRecord(folder: RunFolder, id: string): InstanceRecord | undefined {
  if (!isUsableId(id)) return undefined;
  try {
    return { id, ...parseRecord(readFileSync(folder.recordOf(id), 'utf8')) };
  } catch {
    // There is none.
    return undefined;
  }
}

/** Where it was damaged with the disk, its id alone still leads to its processes. */
function parseRecord(text: string): Omit<InstanceRecord, 'id'> {
  try {
    const { pid, startedAt } = JSON.parse(text) as { pid?: unknown; startedAt?: unknown };
    if (!Number.isSafeInteger(pid) || Number(pid) <= 1 || typeof startedAt !== 'string') return {};
    return { pid: Number(pid), startedAt };
  } catch {
    return {};
  }
}
