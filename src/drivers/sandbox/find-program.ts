import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';

const folders = ['/usr/bin', '/bin', '/usr/sbin', '/sbin', '/usr/local/bin'];

/** A program of this machine, wherever PATH leads. */
export async function findProgram(name: string): Promise<string | undefined> {
  for (const folder of folders) {
    const file = join(folder, name);
    const usable = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (usable) return file;
  }
  return undefined;
}
