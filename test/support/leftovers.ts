import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive } from './processes.ts';

export interface FoundProcess {
  readonly pid: number;
  readonly command: string;
}

/** Everything that was told of the folder, in its command line or its environment. Linux only. */
export async function processesOf(directory: string): Promise<readonly FoundProcess[]> {
  const found = await Promise.all((await listProcesses()).map((pid) => lookAt(pid, directory)));
  return found.filter((one) => one !== undefined);
}

/** Applications, scripts and builds: what Berth runs, without Berth, and without networks that wait for a job. */
export async function workProcessesOf(directory: string): Promise<readonly FoundProcess[]> {
  const all = await processesOf(directory);
  const works = await Promise.all(all.map(async (one) => !(await leadsOutOfSpare(one))));
  return all.filter(
    ({ command }, index) => works[index] && !isBerth.test(command) && !waits.test(command),
  );
}

const isBerth = / serve( --plane (control|data))? ?$/;
const waits = /(?:^| )\/bin\/sh -s /;

async function leadsOutOfSpare({ command }: FoundProcess): Promise<boolean> {
  const [, inside] = /slirp4netns .*?(?:\/proc\/)?(\d+)(?:\/ns\/net)? tap0 $/.exec(command) ?? [];
  if (inside === undefined) return false;
  return (await readFile(`/proc/${inside}/cmdline`, 'utf8').catch(() => '')).includes('sh\0-s\0');
}

/** Folders and records that exist only while something runs or is built. */
export async function workFoldersOf(directory: string): Promise<readonly string[]> {
  const planes = await readdir(join(directory, 'run')).catch(() => []);
  const parents = [
    'builds/work',
    'builds/workspaces',
    ...planes.flatMap((plane) => [`run/${plane}/work`, `run/${plane}/instances`]),
  ];
  const names = await Promise.all(
    parents.map(async (parent) =>
      (await readdir(join(directory, parent)).catch(() => [])).map((name) => join(parent, name)),
    ),
  );
  return names.flat();
}

async function listProcesses(): Promise<readonly number[]> {
  const names = await readdir('/proc').catch(() => []);
  return names.filter((name) => /^\d+$/.test(name)).map(Number);
}

async function lookAt(pid: number, directory: string): Promise<FoundProcess | undefined> {
  if (pid === process.pid) return undefined;
  const read = (name: string) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '');
  const [commandLine, environment] = await Promise.all([read('cmdline'), read('environ')]);
  if (!commandLine.includes(directory) && !environment.includes(directory)) return undefined;
  return isAlive(pid) ? { pid, command: commandLine.replaceAll('\0', ' ') } : undefined;
}
