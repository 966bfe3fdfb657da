import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Berth } from '../support/berth.ts';
import { workProcessesOf } from '../support/leftovers.ts';

/** What Berth holds at one moment, when nothing is under way. */
export interface Observation {
  readonly deployments: number;
  readonly redeploys: number;
  /** By name, in the order in which they are printed. */
  readonly figures: Readonly<Record<string, number>>;
}

/** Resident memory, open files, listening sockets of both planes; processes; disk by folder; rows by table. Linux only. */
export async function observe(berth: Berth): Promise<Readonly<Record<string, number>>> {
  const control = berth.pidOf('control');
  const data = berth.pidOf('data');
  const at = (name: string) => join(berth.dataDirectory, name);
  return {
    'control plane MB': await residentMb(control),
    'data plane MB': await residentMb(data),
    'control plane files': await countFiles(control),
    'data plane files': await countFiles(data),
    'listening ports': (await countListening(control)) + (await countListening(data)),
    'application processes': (await workProcessesOf(berth.dataDirectory)).length,
    'entries in builds': await countEntries(at('builds')),
    'entries in sources': await countEntries(at('sources')),
    'entries in run': await countEntries(at('run')),
    'builds MB': mb(await sizeOf(at('builds'))),
    'sources MB': mb(await sizeOf(at('sources'))),
    'berth.db KB': kb(await sizeOfDatabase(at('berth.db'))),
    'logs.db KB': kb((await sizeOfDatabase(at('logs.db'))) + (await sizeOf(at('logs.db-blocks')))),
    'events.db KB': kb(await sizeOfDatabase(at('events.db'))),
    ...countRows(at('berth.db'), 'berth'),
    ...countRows(at('logs.db'), 'logs'),
    ...countRows(at('events.db'), 'events'),
  };
}

async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024);
}

async function countFiles(pid: number): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length;
}

async function countListening(pid: number): Promise<number> {
  const folder = `/proc/${pid}/fd`;
  const links = await Promise.all(
    (await readdir(folder)).map((name) => readlink(join(folder, name)).catch(() => '')),
  );
  const own = new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/${pid}/net/${name}`, 'utf8').catch(() => '')),
  );
  return tables
    .flatMap((table) => table.split('\n').slice(1))
    .map((row) => row.trim().split(/\s+/))
    .filter(([, , , state, , , , , , inode]) => state === '0A' && own.has(inode ?? '')).length;
}

async function sizeOfDatabase(file: string): Promise<number> {
  const sizes = await Promise.all([sizeOf(file), sizeOf(`${file}-wal`)]);
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Bytes of everything below; what goes away meanwhile counts nothing. */
async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return 0;
  if (!found.isDirectory()) return found.size;
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) =>
        stat(join(entry.parentPath, entry.name)).then(
          (one) => one.size,
          () => 0,
        ),
      ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function countEntries(path: string): Promise<number> {
  return (await readdir(path, { recursive: true }).catch(() => [])).length;
}

function countRows(file: string, name: string): Record<string, number> {
  using database = new DatabaseSync(file, { readOnly: true });
  const tables = database
    .prepare("select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'")
    .all()
    .map((row) => String(row['name']));
  return Object.fromEntries(
    tables.map((table) => {
      const row = database.prepare(`select count(*) as rows from "${table}"`).get();
      return [`rows ${name}.${table}`, Number(row?.['rows'])];
    }),
  );
}

function mb(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}

function kb(bytes: number): number {
  return Math.round(bytes / 2 ** 10);
}
