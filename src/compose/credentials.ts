import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { BootstrapClient, Config } from '../config/parse-config.ts';
import { makeOnce } from './make-once.ts';

/**
 * The project and API client that Berth starts with: from the settings, or made once and kept in a file that only its
 * owner can read (design §5).
 */
export async function readOrMakeCredentials(
  config: Config,
  file: string,
): Promise<{ readonly client: BootstrapClient; readonly made: boolean }> {
  const known = config.bootstrap ?? (await readCredentials(file));
  if (known !== undefined) return { client: known, made: false };
  const made = newCredentials();
  if (await makeOnce(file, `${JSON.stringify(made, undefined, 2)}\n`))
    return { client: made, made: true };
  // Another control plane that starts at the same moment.
  return readOrMakeCredentials(config, file);
}

export async function readCredentials(file: string): Promise<BootstrapClient | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as BootstrapClient;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function newCredentials(): BootstrapClient {
  return {
    projectKey: 'demo',
    clientId: randomBytes(18).toString('base64url'),
    clientSecret: randomBytes(24).toString('base64url'),
  };
}
