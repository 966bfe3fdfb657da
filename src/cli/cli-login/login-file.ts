import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, realpath, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Failure } from '../../core/failure.ts';

/** What the official CLI 0.0.23 keeps of a login with client credentials. Times are milliseconds. */
export interface CliLogin {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly projectKey: string;
  readonly scope: string;
  readonly region: string;
  readonly accessToken: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/**
 * Puts the login into the CLI's file, for its owner alone, whole or not at all. A login to a hosted project, which cannot be had again
 * without its secret, is set aside first. Whatever else is in the file stays.
 */
export async function keepLogin(
  path: string,
  login: CliLogin,
): Promise<{ readonly file: string; readonly setAside: string | undefined }> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await followLinks(path);
  const before = await readLogin(file);
  const setAside = isHosted(before) ? `${file}.before-berth` : undefined;
  if (setAside !== undefined) await replace(setAside, before);
  await replace(file, {
    ...before,
    authentication: 'client-credentials',
    ...login,
    refreshToken: null,
  });
  return { file, setAside };
}

type Content = Readonly<Record<string, unknown>>;

async function readLogin(file: string): Promise<Content> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return {};
    throw error;
  }
  try {
    const content: unknown = JSON.parse(text);
    if (typeof content === 'object' && content !== null && !Array.isArray(content))
      return content as Content;
  } catch {
    // Told below, as is JSON of another form.
  }
  throw new Failure(`${file} is nothing that the official CLI wrote: it holds no JSON object.`, {
    nextStep: 'Move it away, and log in again.',
  });
}

/** The regions that Berth writes end in a slash, which no hosted one does. */
function isHosted({ region, clientSecret }: Content): boolean {
  return typeof region === 'string' && !region.endsWith('/') && typeof clientSecret === 'string';
}

/** A link that somebody made stays one. */
async function followLinks(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (isMissing(error)) return path;
    throw error;
  }
}

async function replace(file: string, content: Content): Promise<void> {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(JSON.stringify(content, undefined, 2));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
