import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../core/failure.ts';

/** @throws Failure where a restore into the data directory was cut off */
export async function refuseHalfRestored(dataDirectory: string): Promise<void> {
  const names: readonly string[] = await readdir(dataDirectory).catch(() => []);
  if (!names.includes(restoringName)) return;
  throw new Failure(`A restore into ${dataDirectory} was cut off: what is there is not whole.`, {
    nextStep:
      'Remove everything in that folder and restore again. If BERTH_DATABASE_URL is set and its database is not empty, give it a new one.',
  });
}

const restoringName = 'restoring';

/** Marks it as half restored. @returns how to leave the folder as it was @throws Failure where it is not empty */
export async function claimDirectory(dataDirectory: string): Promise<() => Promise<void>> {
  const made = await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
  await refuseHalfRestored(dataDirectory);
  if ((await readdir(dataDirectory)).length > 0) {
    throw new Failure(`The data directory ${dataDirectory} is not empty.`, {
      nextStep: 'Set BERTH_DATA_DIR to a folder that is empty or not there yet.',
    });
  }
  await writeFile(join(dataDirectory, restoringName), '', { flag: 'wx' });
  return async () => {
    for (const name of await readdir(dataDirectory))
      await rm(join(dataDirectory, name), { recursive: true, force: true });
    if (made !== undefined) await rm(made, { recursive: true, force: true });
  };
}
