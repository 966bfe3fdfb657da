import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { execa } from 'execa';
import { passedSettings } from './passed-settings.ts';

const fixture = join(import.meta.dirname, '../fixtures/official-cli');
const npm = join(import.meta.dirname, '../../node_modules/npm/bin/npm-cli.js');
const files = ['package.json', 'package-lock.json'];

/** `@commercetools/cli` as it comes from the registry, in processes of its own. */
export interface OfficialCli {
  /** Its home folder is `home`; `input` is what somebody types. */
  run(args: readonly string[], options: CliOptions): Promise<CliResult>;
}

export interface CliOptions {
  readonly home: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
}

export interface CliResult {
  readonly exitCode: number | undefined;
  /** `plain`, as is `stderr`. */
  readonly stdout: string;
  readonly stderr: string;
}

export async function installOfficialCli(): Promise<OfficialCli> {
  const program = join(await install(), 'node_modules/@commercetools/cli/bin/run.js');
  return {
    run: async (args, { home, environment, input = '' }) => {
      const ended = await execa(process.execPath, [program, ...args], {
        extendEnv: false,
        env: { PATH: process.env['PATH'] ?? '', HOME: home, ...environment },
        cwd: home,
        input,
        reject: false,
        timeout: 180_000,
      });
      return {
        exitCode: ended.exitCode,
        stdout: plain(ended.stdout),
        stderr: plain(ended.stderr),
      };
    },
  };
}

/** Once for each lockfile on this machine: it is two hundred megabytes. */
async function install(): Promise<string> {
  const lock = await readFile(join(fixture, 'package-lock.json'));
  const name = createHash('sha256').update(lock).digest('hex').slice(0, 16);
  const parent = join(tmpdir(), 'berth-test-official-cli');
  const folder = join(parent, name);
  if (existsSync(folder)) return folder;
  await mkdir(parent, { recursive: true });
  const draft = await mkdtemp(join(parent, 'draft-'));
  try {
    for (const file of files) await cp(join(fixture, file), join(draft, file));
    const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
    await execa(process.execPath, [npm, 'ci', ...flags], {
      cwd: draft,
      extendEnv: false,
      env: {
        ...passedSettings(),
        PATH: process.env['PATH'] ?? '',
        HOME: process.env['HOME'] ?? '',
      },
      timeout: 200_000,
    });
    await rename(draft, folder);
  } catch (error) {
    // Another test run was faster.
    if (!existsSync(folder)) throw error;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return folder;
}

/** As somebody reads it: without colours, and without spaces at the ends of lines. */
export function plain(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll(/[ \t\r]+$/gm, '')
    .trim();
}
