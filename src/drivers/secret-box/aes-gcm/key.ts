import { randomBytes } from 'node:crypto';
import { link, mkdir, open, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Failure } from '../../../core/failure.ts';

export const keyBytes = 32;

/** Whoever comes first makes the file; everybody gets the key that is in it. */
export async function readOrCreateKey(file: string): Promise<Buffer> {
  return (await readKey(file)) ?? (await createKey(file));
}

/** Strict, so that a key that lost a character is refused instead of being another key. */
export function parseKey(text: string, what: string): Buffer {
  const trimmed = text.trim();
  const key = Buffer.from(trimmed, 'base64');
  if (key.length === keyBytes && key.toString('base64') === trimmed) return key;
  throw new Failure(`${what} is not ${keyBytes} bytes of base64`, {
    nextStep: 'Restore it from a backup. Without it the secrets sealed with it are lost.',
  });
}

/** Undefined where there is no such file. */
export async function readKey(file: string): Promise<Buffer | undefined> {
  const found = await readIfPresent(file);
  if (found === undefined) return undefined;
  // Windows has no such bits; there the folder's access list decides.
  if (process.platform !== 'win32' && (found.mode & 0o077) !== 0) throw tooOpen(file, found.mode);
  return parseKey(found.text, `The key file ${file}`);
}

const maxFileBytes = 256;

async function readIfPresent(file: string) {
  try {
    await using handle = await open(file, 'r');
    const { mode } = await handle.stat();
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(maxFileBytes), 0, maxFileBytes, 0);
    return { mode, text: buffer.toString('utf8', 0, bytesRead) };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw unusable(file, error);
  }
}

/** The file appears whole or not at all, and never replaces another: `link` refuses a name that is taken. */
async function createKey(file: string): Promise<Buffer> {
  const folder = dirname(file);
  const draft = join(folder, `.${basename(file)}.${randomBytes(6).toString('hex')}`);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeDurably(draft, `${randomBytes(keyBytes).toString('base64')}\n`);
    await link(draft, file).catch(ignoreTaken);
    await syncFolder(folder);
  } catch (error) {
    throw unusable(file, error);
  } finally {
    await unlink(draft).catch(() => undefined); // Never made, where making it failed.
  }
  const key = await readKey(file);
  if (key === undefined) throw new Failure(`The key file ${file} is gone right after it was made`);
  return key;
}

/** Secrets sealed with a key that a power failure takes away could never be opened again. */
async function writeDurably(file: string, text: string): Promise<void> {
  await using handle = await open(file, 'wx', 0o600);
  await handle.writeFile(text);
  await handle.sync();
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  await using handle = await open(folder, 'r');
  await handle.sync();
}

function ignoreTaken(error: unknown): void {
  if (codeOf(error) !== 'EEXIST') throw error;
}

function tooOpen(file: string, mode: number): Failure {
  const shown = (mode & 0o777).toString(8).padStart(4, '0');
  return new Failure(`The key file ${file} can be read by other users (mode ${shown})`, {
    nextStep: `Run \`chmod 600 ${file}\`, and consider the secrets read if others use this machine.`,
  });
}

function unusable(file: string, error: unknown): Failure {
  return new Failure(`The key file ${file} cannot be used: ${codeOf(error) ?? String(error)}`, {
    nextStep: 'Make sure that Berth may read and write its folder, and that it is a local disk.',
    cause: error,
  });
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
