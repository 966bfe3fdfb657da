import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { measureBareStart } from '../redeploy/bare-start.ts';
import { names } from './connector.ts';

/** What a person would type, one application after another: clone, `npm ci`, `npm run build`, start until it answers. @returns ms */
export async function measureBareCommands(given: {
  readonly url: string;
  readonly tag: string;
  /** A new one; its parent holds the cache that the next run finds. */
  readonly folder: string;
  readonly cache: string;
  readonly environment: Readonly<Record<string, string>>;
}): Promise<number> {
  const { url, tag, folder, cache } = given;
  const environment = { ...given.environment, NPM_CONFIG_CACHE: cache };
  const run = (file: string, args: readonly string[], cwd: string) =>
    execa(file, args, { cwd, env: environment, extendEnv: false, stdin: 'ignore' });
  await mkdir(folder, { recursive: true });
  const startedAt = performance.now();
  await run('git', ['clone', '--quiet', '--depth=1', `--branch=${tag}`, url, 'clone'], folder);
  for (const name of names) {
    const directory = join(folder, 'clone', name);
    await run('npm', ['ci'], directory);
    await run('npm', ['run', 'build'], directory);
    const application = {
      ...{ file: process.execPath, args: ['build/index.js'] },
      ...{ directory, environment },
    };
    await measureBareStart(application, `/${name}`);
  }
  return performance.now() - startedAt;
}
