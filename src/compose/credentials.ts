import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { BootstrapClient, Config } from '../config/parse-config.ts';

/**
 * The project and API client that Berth starts with: from the settings, or made once and kept in a file that only its
 * owner can read (design §5).
 */
export async function readOrMakeCredentials(
  config: Config,
  file: string,
): Promise<{ readonly client: BootstrapClient; readonly made: boolean }> {
  const known = config.bootstrap ?? (await readCredentials(file));
  return known === undefined
    ? { client: await makeCredentials(file), made: true }
    : { client: known, made: false };
}

export async function readCredentials(file: string): Promise<BootstrapClient | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as BootstrapClient;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function makeCredentials(file: string): Promise<BootstrapClient> {
  const made: BootstrapClient = {
    projectKey: 'demo',
    clientId: randomBytes(18).toString('base64url'),
    clientSecret: randomBytes(24).toString('base64url'),
  };
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  // Whole or not at all: a start that is killed here must not keep every later one from reading it.
  await writeFile(`${file}.new`, `${JSON.stringify(made, undefined, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return made;
}
