import { execa } from 'execa';
import { gte, parse } from 'semver';
import { type Check, check, type Finding, missing, ok } from './check.ts';

const area = 'programs';
const timeoutMs = 8_000;

/** What Berth starts, and its own Node. */
export function checkPrograms(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Check>[] {
  return [
    check(area, 'Node of Berth', async () => ok(`${process.version}, ${process.execPath}`)),
    check(area, 'git', () => checkGit(environment)),
    check(area, 'sh', () => checkShell(environment)),
  ];
}

/** The first that knows every option that Berth gives it. */
const oldestGit = '2.32.0';

async function checkGit(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Finding> {
  const install = `Install git ${oldestGit} or newer, for example with \`apt-get install git\`.`;
  const text = await versionOf('git', ['--version'], environment);
  if (text === undefined) return missing('not found', install);
  const version = parse(/\d+\.\d+\.\d+/.exec(text)?.[0]);
  if (version === null || !gte(version, oldestGit)) return missing(text, install);
  return ok(version.version);
}

async function checkShell(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Finding> {
  const text = await versionOf('/bin/sh', ['-c', 'echo works'], environment);
  return text === 'works'
    ? ok('/bin/sh')
    : missing('/bin/sh does not run', 'Connectors give their scripts to it: install a shell.');
}

async function versionOf(
  file: string,
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const ended = await execa(file, args, {
    env: environment,
    extendEnv: false,
    reject: false,
    timeout: timeoutMs,
    stdin: 'ignore',
    maxBuffer: 10_000,
  });
  return ended.exitCode === 0 ? ended.stdout.trim() : undefined;
}
