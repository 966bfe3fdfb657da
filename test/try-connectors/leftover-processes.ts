import { readdir, readFile, readlink } from 'node:fs/promises';

/**
 * Ends what still runs with this folder in its command line or as its working directory, and answers those command
 * lines. Only Linux tells; elsewhere nothing is found.
 */
export async function endProcessesOf(directory: string): Promise<readonly string[]> {
  const ids = await readdir('/proc').catch(() => []);
  const left = await Promise.all(
    ids.filter((id) => /^\d+$/.test(id)).map(async (id) => ({ id, ...(await describe(id)) })),
  );
  return left
    .filter(({ id, folder, command }) => {
      const belongs = folder.startsWith(directory) || command.includes(directory);
      return belongs && Number(id) !== process.pid;
    })
    .map(({ id, folder, command }) => {
      end(Number(id));
      return `${id} ${command} (in ${folder})`;
    });
}

async function describe(id: string): Promise<{ folder: string; command: string }> {
  const [folder, command] = await Promise.all([
    // A process that ended meanwhile, or that is not ours to see, is nothing that Berth left.
    readlink(`/proc/${id}/cwd`).catch(() => ''),
    readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => ''),
  ]);
  return { folder, command: command.replaceAll('\0', ' ').trim() };
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself in between, which is what was wanted.
  }
}
