import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NodeMajor } from './node-version.ts';
import type { ManagerChoice } from './package-manager.ts';
import type { StartPlan } from './start-command.ts';
import { readUsage, touchUsage, type Usage } from './usage-record.ts';
import { createWorkFolder, moveIntoPlace, removeTree } from './work-folders.ts';

/** `artifact.json`: what was built, without a path or program of this machine. */
export interface ArtifactRecord {
  readonly format: 1;
  readonly key: string;
  readonly application: string;
  readonly commit: string;
  readonly node: NodeMajor;
  readonly manager: ManagerChoice;
  readonly start: StartPlan;
  readonly notes: readonly string[];
  /** Its packages stay as they were installed, so that copies may share them. */
  readonly sharesPackages: boolean;
  /** Keys of the dependency layers it was made with or has left. */
  readonly layers: readonly string[];
}

export interface StoredArtifact {
  readonly record: ArtifactRecord;
  /** The whole repository, the application's folder built in place. */
  readonly tree: string;
}

/** Finished artifacts, one folder each. */
export interface ArtifactStore {
  find(key: string): Promise<StoredArtifact | undefined>;
  /** Takes over a folder that holds `tree/`. It is seen by others only when it is complete. */
  add(folder: string, record: ArtifactRecord): Promise<StoredArtifact>;
  /** All that are complete. */
  list(): Promise<readonly (StoredArtifact & { readonly usage: Usage })[]>;
  /** Somebody has taken it for a build. */
  touch(key: string): Promise<void>;
  remove(keys: readonly string[]): Promise<void>;
}

export const treeFolder = 'tree';
const recordFile = 'artifact.json';

export function openArtifactStore(directory: string, workDirectory: string): ArtifactStore {
  const find: ArtifactStore['find'] = async (key) => {
    if (!isKey(key)) return undefined;
    const record = await readRecord(join(directory, key, recordFile));
    return record && { record, tree: join(directory, key, treeFolder) };
  };

  return {
    find,
    async add(folder, record) {
      const place = join(directory, record.key);
      await writeFile(join(folder, recordFile), JSON.stringify(record, undefined, 2));
      await mkdir(directory, { recursive: true });
      // One that cannot be read, after a power cut for instance, makes room.
      if ((await find(record.key)) === undefined) await removeTree(place);
      await moveIntoPlace(folder, place);
      return { record, tree: join(place, treeFolder) };
    },
    async list() {
      const present = (await readdir(directory).catch(() => [])).filter(isKey);
      const found: (StoredArtifact & { readonly usage: Usage })[] = [];
      for (const key of present) {
        const stored = await find(key);
        if (stored === undefined) continue;
        // Where it has layers, what it shares with them is theirs.
        const own = stored.record.layers.length > 0;
        found.push({ ...stored, usage: await readUsage(join(directory, key), { own }) });
      }
      return found;
    },
    touch: (key) => touchUsage(join(directory, key)),
    async remove(keys) {
      if (keys.length === 0) return;
      await using trash = await createWorkFolder(workDirectory);
      // Moved first: nobody sees an artifact of which a part is gone.
      for (const key of keys) await rename(join(directory, key), join(trash.directory, key));
    },
  };
}

function isKey(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

async function readRecord(file: string): Promise<ArtifactRecord | undefined> {
  try {
    const record: unknown = JSON.parse(await readFile(file, 'utf8'));
    return isRecord(record) ? record : undefined;
  } catch {
    // Not there or damaged: in both cases it is built again.
    return undefined;
  }
}

/** Berth wrote it itself; another format is another version's. */
function isRecord(value: unknown): value is ArtifactRecord {
  return typeof value === 'object' && value !== null && 'format' in value && value.format === 1;
}
