import { access, constants, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import { dataLayout } from '../data-layout.ts';
import { keyFileOf, type MasterKeySettings } from '../open-secrets.ts';
import { type Check, check, type Finding, missing, ok, warning } from './check.ts';

const area = 'data directory';

export function checkDataDirectory(config: MasterKeySettings): Promise<Check>[] {
  const { dataDirectory: directory } = config;
  const layout = dataLayout(directory);
  return [
    check(area, 'folder', () => checkFolder(directory)),
    check(area, 'key', () => checkKey(keyFileOf(config))),
    check(area, 'credentials', () =>
      checkPrivate(
        layout.credentials,
        'not used: made where no BERTH_BOOTSTRAP_ variables are set',
      ),
    ),
  ];
}

async function checkFolder(directory: string): Promise<Finding> {
  const found = await modeOf(directory);
  const name = userInfo().username;
  if (found === undefined) {
    const parent = await nearestParent(directory);
    return (await isWritable(parent))
      ? ok(`${directory} is made at the first start`)
      : missing(
          `${directory} cannot be made`,
          `Let ${name} write to ${parent}, or set BERTH_DATA_DIR.`,
        );
  }
  if (!found.isFolder) return missing(`${directory} is no folder`, 'Set BERTH_DATA_DIR to one.');
  if (!(await isWritable(directory)))
    return missing(`${directory} cannot be written by ${name}`, `Give it to ${name}.`);
  return (found.mode & 0o077) === 0
    ? ok(directory)
    : warning(
        `${directory} can be entered by other users (mode ${printMode(found.mode)})`,
        `Run \`chmod 700 ${directory}\`.`,
      );
}

async function checkKey(file: string | undefined): Promise<Finding> {
  if (file !== undefined) return checkPrivate(file, 'made at the first start');
  return warning(
    'BERTH_MASTER_KEY, which other processes of the same user can read',
    'Prefer a file of mode 0600 that only Berth’s user can read: BERTH_MASTER_KEY_FILE.',
  );
}

async function checkPrivate(file: string, absent: string): Promise<Finding> {
  const found = await modeOf(file);
  if (found === undefined) return ok(absent);
  return (found.mode & 0o077) === 0
    ? ok(`${file}, mode ${printMode(found.mode)}`)
    : missing(
        `${file} can be read by other users (mode ${printMode(found.mode)})`,
        `Run \`chmod 600 ${file}\`, and change what it holds if others use this machine.`,
      );
}

async function modeOf(path: string) {
  try {
    const found = await stat(path);
    return { mode: found.mode & 0o777, isFolder: found.isDirectory() };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function nearestParent(path: string): Promise<string> {
  const parent = dirname(path);
  return parent === path || (await modeOf(parent)) !== undefined ? parent : nearestParent(parent);
}

async function isWritable(folder: string): Promise<boolean> {
  return access(folder, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
}

function printMode(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
