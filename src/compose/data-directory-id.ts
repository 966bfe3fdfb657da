import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { makeOnce } from './make-once.ts';

/** Tells this data directory from every other one, to a database outside that holds its records. */
export async function readOrMakeId(file: string): Promise<string> {
  if (!existsSync(file)) await makeOnce(file, `${randomUUID()}\n`);
  return (await readFile(file, 'utf8')).trim();
}
