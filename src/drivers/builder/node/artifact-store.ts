import { existsSync, readFileSync } from 'node:fs';
import { lstat, mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Provenance } from '../../../ports/builder.ts';
import type { FileDigests } from './file-digests.ts';
import { readTree, type TreeItem } from './list-tree.ts';
import { findDifference, type Manifest, parseManifest, printManifest } from './manifest.ts';
import type { NodeMajor } from './node-version.ts';
import type { ManagerChoice } from './package-manager.ts';
import type { Repeats } from './repeats.ts';
import { sha256 } from './sha256.ts';
import type { StartPlan } from './start-command.ts';
import { readUsage, touchUsage, type Usage } from './usage-record.ts';
import { createWorkFolder, ignoreMissing, moveAway, moveIntoPlace } from './work-folders.ts';

/** `artifact.json`: what was built, without a path or program of this machine. */
export interface ArtifactRecord {
  readonly format: 2;
  readonly key: string;
  readonly application: string;
  readonly commit: string;
  readonly node: NodeMajor;
  readonly manager: ManagerChoice;
  readonly start: StartPlan;
  readonly notes: readonly string[];
  /** Its packages stay as they were installed, so that copies may share them. */
  readonly sharesPackages: boolean;
  /** Absent in those of earlier versions of Berth. */
  readonly repeats?: Repeats;
  /** Keys of the dependency layers it was made with or has left. */
  readonly layers: readonly string[];
  /** SHA-256 of `files.jsonl` and `provenance.json` beside it. */
  readonly digests: { readonly files: string; readonly provenance: string };
}

export interface StoredArtifact {
  readonly record: ArtifactRecord;
  /** The whole repository, the application's folder built in place. */
  readonly tree: string;
}

/** What a finished build adds to its folder, beside `tree/`. */
export interface NewArtifact {
  readonly record: Omit<ArtifactRecord, 'digests'>;
  readonly manifest: Manifest;
  /** Given the digest of the list of files. */
  readonly provenance: (manifest: string) => Provenance;
}

/** Finished artifacts, one folder each. */
export interface ArtifactStore {
  /** Undefined too where its record is damaged, or one of its files was found to be. */
  find(key: string): Promise<StoredArtifact | undefined>;
  /** Takes over a folder that holds `tree/`. It is seen by others only when it is complete. */
  add(folder: string, artifact: NewArtifact): Promise<StoredArtifact>;
  /** What differs from what was built, worded for people. */
  findDamage(stored: StoredArtifact, digests: FileDigests): Promise<string | undefined>;
  /** From now on it is not found, and makes room for the next build. What runs of it may go on. */
  setAside(key: string, damage: string): Promise<void>;
  readProvenance(key: string): Promise<Provenance | undefined>;
  /** All that are complete. */
  list(): Promise<readonly (StoredArtifact & { readonly usage: Usage })[]>;
  /** Those that are there, and that nobody can find. */
  listUnusable(): Promise<readonly UnusableArtifact[]>;
  /** Somebody has taken it for a build. */
  touch(key: string): Promise<void>;
  remove(keys: readonly string[]): Promise<void>;
}

export interface UnusableArtifact {
  readonly key: string;
  /** ms since the epoch */
  readonly changedAt: number;
  readonly damage: string;
}

export const treeFolder = 'tree';
const recordFile = 'artifact.json';
const manifestFile = 'files.jsonl';
const provenanceFile = 'provenance.json';
const damageFile = 'damage.txt';

export function openArtifactStore(directory: string, workDirectory: string): ArtifactStore {
  /** By key, how those looked that were as they should be: while one looks the same, nothing of it is read again. */
  const intact = new Map<string, string>();
  const find: ArtifactStore['find'] = async (key) => {
    if (!isKey(key)) return undefined;
    const record = readRecord(join(directory, key, recordFile));
    if (record?.key !== key || existsSync(join(directory, key, damageFile))) return undefined;
    return { record, tree: join(directory, key, treeFolder) };
  };
  const readKeys = async () => (await readdir(directory).catch(() => [])).filter(isKey);
  const makeRoom = async (key: string) => {
    await using trash = await createWorkFolder(workDirectory);
    await moveAway(join(directory, key), join(trash.directory, key));
  };

  return {
    find,
    async add(folder, { record, manifest, provenance }) {
      const place = join(directory, record.key);
      const files = printManifest(manifest);
      const statement = print(provenance(sha256(files)));
      const digests = { files: sha256(files), provenance: sha256(statement) };
      await writeFile(join(folder, manifestFile), files);
      await writeFile(join(folder, provenanceFile), statement);
      await writeFile(join(folder, recordFile), seal({ ...record, digests }));
      await mkdir(directory, { recursive: true });
      // One that is damaged, by a power cut for instance, makes room.
      if ((await find(record.key)) === undefined) await makeRoom(record.key);
      await moveIntoPlace(folder, place);
      return { record: { ...record, digests }, tree: join(place, treeFolder) };
    },
    async findDamage({ record, tree }, digests) {
      const place = join(directory, record.key);
      const listing = await readTree(tree);
      const files = [manifestFile, provenanceFile].map((name) => join(place, name));
      const seen = [
        ...Object.values(record.digests),
        listing.fingerprint,
        ...(await Promise.all(files.map(identityOf))),
      ].join(' ');
      if (intact.get(record.key) === seen) return undefined;
      const damage = await compare(place, { record, tree }, listing.items(), digests);
      if (damage === undefined) intact.set(record.key, seen);
      else intact.delete(record.key);
      return damage;
    },
    async setAside(key, damage) {
      // One that is gone needs no mark.
      await writeFile(join(directory, key, damageFile), damage).catch(ignoreMissing);
    },
    async readProvenance(key) {
      const stored = await find(key);
      if (stored === undefined) return undefined;
      const file = join(directory, key, provenanceFile);
      const text = await readWhole(file, stored.record.digests.provenance);
      return text === undefined ? undefined : JSON.parse(text);
    },
    async list() {
      const found: (StoredArtifact & { readonly usage: Usage })[] = [];
      for (const key of await readKeys()) {
        const stored = await find(key);
        if (stored === undefined) continue;
        // Where it has layers, what it shares with them is theirs.
        const own = stored.record.layers.length > 0;
        found.push({ ...stored, usage: await readUsage(join(directory, key), { own }) });
      }
      return found;
    },
    async listUnusable() {
      const found: UnusableArtifact[] = [];
      for (const key of await readKeys()) {
        if ((await find(key)) !== undefined) continue;
        const stats = await stat(join(directory, key)).catch(() => undefined);
        if (stats === undefined) continue;
        const noted = await readFile(join(directory, key, damageFile), 'utf8').catch(() => '');
        const damage = noted === '' ? `its record, ${recordFile}, cannot be read` : noted;
        found.push({ key, changedAt: stats.mtimeMs, damage });
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

/** With every file that was not read before. */
async function compare(
  place: string,
  { record, tree }: StoredArtifact,
  items: readonly TreeItem[],
  digests: FileDigests,
): Promise<string | undefined> {
  const files = await readWhole(join(place, manifestFile), record.digests.files);
  if (files === undefined) return `the list of its files, ${manifestFile}, has changed`;
  const statement = await readWhole(join(place, provenanceFile), record.digests.provenance);
  if (statement === undefined) return `its provenance, ${provenanceFile}, has changed`;
  const matters = record.start.kind === 'static' ? () => true : mattersToPrograms;
  return findDifference(tree, items, parseManifest(files), { digests, matters });
}

async function identityOf(file: string): Promise<string> {
  const stats = await lstat(file, { bigint: true }).catch(() => undefined);
  return stats === undefined ? 'none' : `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}`;
}

/**
 * Without a sandbox an application can write beside its files: what it leaves there, logs for instance, is no damage unless
 * node or a package manager would take it for code or settings.
 */
function mattersToPrograms(path: string): boolean {
  if (/(?:^|\/)node_modules\/\.(?!bin\/|pnpm\/)[^/]+\//.test(path)) return false;
  return (
    /(?:^|\/)node_modules\//.test(path) ||
    /(?:^|\/)(?:package\.json|\.npmrc|\.env[^/]*)$/.test(path) ||
    /\.(?:[cm]?[jt]sx?|node|wasm|so)$/.test(path)
  );
}

export function isKey(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

/** A record with the digest of itself. */
function seal(record: ArtifactRecord): string {
  return print({ ...record, seal: sha256(print(record)) });
}

function print(value: unknown): string {
  return JSON.stringify(value, undefined, 2);
}

/**
 * Undefined where it is missing, damaged or another version's: in each case it is built again. In a call that blocks: every start of an
 * application asks.
 */
function readRecord(file: string): ArtifactRecord | undefined {
  try {
    const text = readFileSync(file, 'utf8');
    const { seal: _, ...record } = JSON.parse(text);
    return record.format === 2 && seal(record) === text ? record : undefined;
  } catch {
    return undefined;
  }
}

async function readWhole(file: string, digest: string): Promise<string | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text !== undefined && sha256(text) === digest ? text : undefined;
}
