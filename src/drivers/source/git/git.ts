import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { configuration, type Environment, gitEnvironment, type Settings } from './environment.ts';
import { createMemoryLimit, failedToStart } from './memory-limit.ts';
import type { Remote } from './remote-rules.ts';

/** Every way a run of git can end, but for the caller's abort, which throws. */
export interface GitResult {
  readonly end: 'success' | 'failed' | 'timed-out' | 'too-much-output' | 'not-started';
  readonly stdout: string;
  readonly stderr: string;
}

export interface GitOptions {
  readonly signal: AbortSignal;
  readonly gitDirectory?: string;
  /** The one repository outside that this run may talk to. */
  readonly remote?: Remote;
  readonly input?: string;
  readonly environment?: Environment;
  /** `latin1` keeps every byte of names that are not UTF-8. */
  readonly encoding?: 'utf8' | 'latin1';
  readonly maxOutputBytes?: number;
}

export type Git = (args: readonly string[], options: GitOptions) => Promise<GitResult>;

export interface GitSettings {
  /** Where git runs and its configuration is kept. Made where missing. */
  readonly directory: string;
  readonly executable: string;
  readonly environment: Environment;
  readonly timeoutMs: number;
  readonly maxObjectBytes: number;
  readonly useOperatorCredentials: boolean;
  readonly followRedirects: boolean;
  /** Before each connection. Answers the addresses that git is to use. @throws SourceFailure */
  readonly requireHost: (remote: Remote) => Promise<readonly string[] | undefined>;
}

const defaultMaxOutputBytes = 1024 * 1024;

export function createGit(settings: GitSettings): Git {
  const { directory } = settings;
  const configurationFile = writeConfiguration(directory);
  const credentials = settings.useOperatorCredentials ? readCredentialsOnce(settings) : undefined;
  const limitMemory = createMemoryLimit(settings.maxObjectBytes);

  return async (args, options) => {
    const { signal, gitDirectory, remote } = options;
    signal.throwIfAborted();
    // It says what git may not do: without it git would do everything.
    if (!isWhole(configurationFile)) writeConfiguration(directory);
    const addresses = remote && (await settings.requireHost(remote));
    signal.throwIfAborted();
    const environment = gitEnvironment({
      own: settings.environment,
      directory,
      configurationFile,
      followRedirects: settings.followRedirects,
      maxObjectBytes: settings.maxObjectBytes,
      ...(remote === undefined ? {} : { remote }),
      ...(addresses === undefined ? {} : { addresses }),
      ...(remote?.protocol === 'https' && credentials !== undefined
        ? { credentials: await credentials() }
        : {}),
    });
    const where = gitDirectory === undefined ? [] : [`--git-dir=${gitDirectory}`];
    const limited = await limitMemory(settings.executable, [...where, ...args]);
    const result = await run({ ...settings, ...limited }, limited.args, options, {
      ...environment,
      ...options.environment,
    });
    signal.throwIfAborted();
    return result;
  };
}

async function run(
  { executable, directory, timeoutMs }: GitSettings,
  args: readonly string[],
  { signal, input, encoding = 'utf8', maxOutputBytes }: Omit<GitOptions, 'environment'>,
  env: Environment,
): Promise<GitResult> {
  const result = await execa(executable, args, {
    cwd: directory,
    extendEnv: false,
    env,
    encoding,
    ...(input === undefined ? { stdin: 'ignore' } : { input }),
    stripFinalNewline: false,
    maxBuffer: {
      stdout: maxOutputBytes ?? defaultMaxOutputBytes,
      stderr: defaultMaxOutputBytes,
    },
    timeout: timeoutMs,
    cancelSignal: signal,
    killDescendants: true,
    forceKillAfterDelay: 2000,
    reject: false,
  });
  return { end: endOf(result), stdout: result.stdout ?? '', stderr: result.stderr ?? '' };
}

function endOf(result: {
  readonly failed: boolean;
  readonly timedOut: boolean;
  readonly isMaxBuffer: boolean;
  readonly exitCode?: number;
  readonly signal?: string;
}): GitResult['end'] {
  if (!result.failed) return 'success';
  if (result.timedOut) return 'timed-out';
  if (result.isMaxBuffer) return 'too-much-output';
  if (result.exitCode === undefined && result.signal === undefined) return 'not-started';
  return failedToStart(result.exitCode) ? 'not-started' : 'failed';
}

function writeConfiguration(directory: string): string {
  // Private repositories lie below it.
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, 'gitconfig');
  const next = `${file}.${randomUUID()}`;
  writeFileSync(next, configuration);
  renameSync(next, file);
  return file;
}

function isWhole(file: string): boolean {
  try {
    return readFileSync(file, 'utf8') === configuration;
  } catch {
    return false;
  }
}

/** Of the operator's own git configuration only how credentials are found is taken. */
function readCredentialsOnce(settings: GitSettings): () => Promise<Settings> {
  let reading: Promise<Settings> | undefined;
  return () => {
    reading ??= readCredentials(settings);
    return reading;
  };
}

async function readCredentials(settings: GitSettings): Promise<Settings> {
  const scopes = await Promise.all(
    ['--system', '--global'].map((scope) =>
      run(
        settings,
        ['config', scope, '--includes', '--null', '--get-regexp', '^credential\\.'],
        { signal: new AbortController().signal },
        { ...settings.environment, LC_ALL: 'C' },
      ),
    ),
  );
  return scopes.flatMap(({ stdout }) => parseSettings(stdout));
}

function parseSettings(stdout: string): Settings {
  return stdout.split('\0').flatMap((entry) => {
    const end = entry.indexOf('\n');
    return end === -1 ? [] : [[entry.slice(0, end), entry.slice(end + 1)] as const];
  });
}
