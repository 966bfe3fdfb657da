import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { workLayout } from './environment.ts';

/**
 * Where a runtime keeps what it needs. Work folders have short names: programs put sockets into TMPDIR, and a socket's
 * path may have about a hundred characters in all.
 */
export interface RunFolder {
  readonly recordFolder: string;
  recordOf(id: string): string;
  /** The only folder a process tree is told of. Its path is in the environment of each of its processes. */
  workOf(id: string): string;
}

export function runFolder(directory: string): RunFolder {
  const recordFolder = join(directory, 'instances');
  return {
    recordFolder,
    recordOf: (id) => join(recordFolder, `${id}.json`),
    workOf: (id) =>
      join(directory, 'work', createHash('sha256').update(id).digest('hex').slice(0, 10)),
  };
}

/** Of `sun_path`, but for the zero at its end, on Linux. */
const maxSocketPath = 107;

/** Whether the sockets of instances, each in its work folder, have names that fit into an address. */
export function hasRoomForSockets(directory: string): boolean {
  const { socket } = workLayout(runFolder(resolve(directory)).workOf('any'));
  return Buffer.byteLength(socket) <= maxSocketPath;
}

/** Ids become file names. */
export function isUsableId(id: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(id);
}
