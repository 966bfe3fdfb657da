import { randomBytes } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { link, mkdir, open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Failure } from '../../../core/failure.ts';

export const keyBytes = 32;

/** Whoever comes first makes the file; everybody gets the keys that are in it, the one for new keys first. */
export async function readOrCreateKeys(file: string): Promise<readonly Buffer[]> {
  return readKeys(file) ?? (await createKey(file));
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

/**
 * One, or two while the first takes the place of the second. Undefined where there is no such file. Synchronous: it is
 * small, and whoever meets a new key cannot go on without it.
 */
export function readKeys(file: string): readonly Buffer[] | undefined {
  const found = readIfPresent(file);
  if (found === undefined) return undefined;
  // Windows has no such bits; there the folder's access list decides.
  if (process.platform !== 'win32' && (found.mode & 0o077) !== 0) throw tooOpen(file, found.mode);
  const [first = '', second, ...rest] = found.text.trimEnd().split('\n');
  const what = `The key file ${file}`;
  const keys = [first, ...(second === undefined ? [] : [second])];
  return (rest.length > 0 ? [found.text] : keys).map((text) => parseKey(text, what));
}

/** Changes whenever the file is replaced. */
export function stampOf(file: string): string | undefined {
  const found = statSync(file, { bigint: true, throwIfNoEntry: false });
  return found && `${found.ino} ${found.mtimeNs} ${found.size}`;
}

const maxFileBytes = 256;

function readIfPresent(file: string) {
  let handle: number | undefined;
  try {
    handle = openSync(file, 'r');
    const { mode } = fstatSync(handle);
    const buffer = Buffer.alloc(maxFileBytes);
    const bytesRead = readSync(handle, buffer, 0, maxFileBytes, 0);
    return { mode, text: buffer.toString('utf8', 0, bytesRead) };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw unusable(file, error);
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

/** All at once or not at all, and on the disk when it resolves. */
export async function replaceKeys(file: string, keys: readonly Buffer[]): Promise<void> {
  const draft = draftOf(file);
  try {
    await writeDurably(draft, keys.map(printKey).join(''));
    await rename(draft, file);
    await syncFolder(dirname(file));
  } catch (error) {
    throw unusable(file, error);
  } finally {
    await unlink(draft).catch(() => undefined); // Renamed, or never made.
  }
}

function printKey(key: Buffer): string {
  return `${key.toString('base64')}\n`;
}

function draftOf(file: string): string {
  return join(dirname(file), `.${basename(file)}.${randomBytes(6).toString('hex')}`);
}

/** The file appears whole or not at all, and never replaces another: `link` refuses a name that is taken. */
async function createKey(file: string): Promise<readonly Buffer[]> {
  const folder = dirname(file);
  const draft = draftOf(file);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeDurably(draft, printKey(newKey()));
    await link(draft, file).catch(ignoreTaken);
    await syncFolder(folder);
  } catch (error) {
    throw unusable(file, error);
  } finally {
    await unlink(draft).catch(() => undefined); // Never made, where making it failed.
  }
  const keys = readKeys(file);
  if (keys === undefined) throw new Failure(`The key file ${file} is gone right after it was made`);
  return keys;
}

export function newKey(): Buffer {
  return randomBytes(keyBytes);
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
