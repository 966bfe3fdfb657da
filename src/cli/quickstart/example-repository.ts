import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ExecaError, execa } from 'execa';
import { Failure } from '../../core/failure.ts';
import type { Environment } from './choose-settings.ts';

export interface ExampleRepository {
  readonly url: string;
  readonly tag: string;
  /** False where the example is as it was at the last run. */
  readonly isNewTag: boolean;
}

export const exampleDirectory = fileURLToPath(
  new URL('../../../examples/hello-connector', import.meta.url),
);

/** What the example's own .gitignore names; npm packages come without it. */
const ignored = 'node_modules/\npublic/\n';
const timeoutMs = 30_000;

/** The example as it is now, at a tag of a git repository that lies beside Berth's data. Its folder stays untouched. */
export async function openExampleRepository(
  dataDirectory: string,
  environment: Environment,
  signal: AbortSignal,
): Promise<ExampleRepository> {
  const directory = join(dataDirectory, 'hello-connector.git');
  const git = runGit({ directory, environment, signal });
  await mkdir(directory, { recursive: true });
  await git('init', '--quiet', '--initial-branch=main');
  await mkdir(join(directory, 'info'), { recursive: true });
  await writeFile(join(directory, 'info', 'exclude'), ignored);
  await git('add', '--all', '--', '.');
  if (await hasChanged(git)) await git('commit', '--quiet', '--message=hello-connector');
  const url = pathToFileURL(directory).href;
  const [tagged] = await lines(git('tag', '--points-at', 'HEAD'));
  if (tagged !== undefined) return { url, tag: tagged, isNewTag: false };
  const tag = `v1.0.${(await lines(git('tag', '--list'))).length}`;
  await git('tag', '--', tag);
  return { url, tag, isNewTag: true };
}

type Git = (...args: readonly string[]) => Promise<string>;

/** Against the last commit, or against nothing before the first one. */
async function hasChanged(git: Git): Promise<boolean> {
  return (await git('status', '--porcelain', '--untracked-files=no')) !== '';
}

async function lines(output: Promise<string>): Promise<readonly string[]> {
  return (await output).split('\n').filter((line) => line !== '');
}

function runGit(given: {
  readonly directory: string;
  readonly environment: Environment;
  readonly signal: AbortSignal;
}): Git {
  return async (...args) => {
    try {
      const { stdout } = await execa('git', args, {
        cwd: exampleDirectory,
        env: gitEnvironment(given.directory, given.environment),
        extendEnv: false,
        stdin: 'ignore',
        timeout: timeoutMs,
        cancelSignal: given.signal,
      });
      return stdout;
    } catch (error) {
      throw explain(error, args, given.directory);
    }
  };
}

/** Nothing of a person's own configuration, and an identity for those who have none. */
function gitEnvironment(directory: string, environment: Environment): Record<string, string> {
  const name = 'Berth quickstart';
  const email = 'quickstart@berth.invalid';
  const system = ['PATH', 'SYSTEMROOT'].flatMap((variable) => {
    const value = environment[variable];
    return value === undefined ? [] : [[variable, value] as const];
  });
  return {
    ...Object.fromEntries(system),
    HOME: directory,
    XDG_CONFIG_HOME: directory,
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TEMPLATE_DIR: '',
    GIT_DIR: directory,
    GIT_WORK_TREE: exampleDirectory,
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
  };
}

function explain(error: unknown, args: readonly string[], directory: string): unknown {
  if (!(error instanceof ExecaError) || error.isCanceled) return error;
  if (error.code === 'ENOENT') {
    return new Failure('Berth needs the git program, and there is none on the PATH.', {
      nextStep: 'Install git (https://git-scm.com/downloads), then run this again.',
      cause: error,
    });
  }
  const said = String(error.stderr ?? '').trim();
  return new Failure(`git ${args[0]} failed for the example's repository: ${said.slice(-1000)}`, {
    nextStep: `Remove ${directory}, then run this again.`,
    cause: error,
  });
}
