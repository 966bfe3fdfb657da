import { readdir, readFile, readlink } from 'node:fs/promises';

export interface FoundProcess {
  readonly id: number;
  /** For people. */
  readonly description: string;
}

/** What runs with this folder in its command line or as its working directory. Only Linux tells. */
export async function findProcessesOf(directory: string): Promise<readonly FoundProcess[]> {
  const names = await readdir('/proc').catch(() => []);
  const ids = names.map(Number).filter((id) => Number.isInteger(id) && id !== process.pid);
  const all = await Promise.all(ids.map(async (id) => ({ id, ...(await describe(id)) })));
  return all
    .filter(({ folder, command }) => folder.startsWith(directory) || command.includes(directory))
    .map(({ id, folder, command }) => ({ id, description: `${id} ${command} (in ${folder})` }));
}

/** Ends all of them at once, and answers what they were. */
export async function endProcessesOf(directory: string): Promise<readonly string[]> {
  const found = await findProcessesOf(directory);
  for (const { id } of found) end(id);
  return found.map(({ description }) => description);
}

async function describe(id: number): Promise<{ folder: string; command: string }> {
  const [folder, command] = await Promise.all([
    // A process that ended meanwhile, or that is not ours to see, is nothing that Berth left.
    readlink(`/proc/${id}/cwd`).catch(() => ''),
    readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => ''),
  ]);
  return { folder, command: command.replaceAll('\0', ' ').trim() };
}

function end(id: number): void {
  try {
    process.kill(id, 'SIGKILL');
  } catch {
    // It ended by itself in between, which is what was wanted.
  }
}
