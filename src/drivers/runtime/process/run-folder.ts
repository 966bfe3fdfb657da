import { createHash } from 'node:crypto';
import { join } from 'node:path';

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

/** Ids become file names. */
export function isUsableId(id: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(id);
}
