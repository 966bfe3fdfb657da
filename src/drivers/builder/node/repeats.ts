import type { PackageJson } from './package-json.ts';
import type { ManagerChoice, ManagerName } from './package-manager.ts';

/** Command lines, without flags, that would do once more in a built tree what its build has done. */
export interface Repeats {
  readonly installs: readonly string[];
  readonly builds: readonly string[];
}

export const noRepeats: Repeats = { installs: [], builds: [] };

export interface DoneByBuild {
  readonly manager: ManagerChoice;
  readonly packageJson: PackageJson;
  /** The build has left the packages as they were installed. */
  readonly keepsPackages: boolean;
  /** What was installed is exactly what a lockfile says, and the lockfile was there before. */
  readonly locked: boolean;
  /** The script that made the build, such as `gcp-build`. */
  readonly buildScript: string | undefined;
}

const installs: Readonly<Record<ManagerName, readonly string[]>> = {
  npm: ['npm install', 'npm i'],
  'yarn-classic': ['yarn', 'yarn install'],
  'yarn-berry': ['yarn', 'yarn install'],
  pnpm: ['pnpm install', 'pnpm i'],
};

const tools: Readonly<Record<ManagerName, string>> = {
  npm: 'npm',
  'yarn-classic': 'yarn',
  'yarn-berry': 'yarn',
  pnpm: 'pnpm',
};

/**
 * Nearly all scripts of connectors begin with an install, and many go on with a build. The commands here find nothing to
 * do; what takes part in one and may do something else each time, such as a script of the package's own, keeps it out.
 */
export function findRepeats(done: DoneByBuild): Repeats {
  const { manager, packageJson, keepsPackages, locked, buildScript } = done;
  const { name } = manager;
  const tool = tools[name];
  const hasWorkspaces = packageJson.hasWorkspaces || manager.hasWorkspaces;
  const isInstalled = keepsPackages && !packageJson.hasInstallScript && !hasWorkspaces;
  const ownWords = name === 'npm' ? [] : [`${tool} build`];
  return {
    installs: isInstalled
      ? [...installs[name], ...(name === 'npm' && locked ? ['npm ci'] : [])]
      : [],
    builds:
      buildScript !== undefined && isBuiltBy(buildScript, packageJson)
        ? [`${tool} run build`, ...ownWords]
        : [],
  };
}

/** `gcp-build` may only call `build`. What runs before and after a script takes part in it. */
function isBuiltBy(name: string, { scripts }: PackageJson): boolean {
  const build = scripts['build'];
  if (build === undefined || !dependsOnFilesOnly(build)) return false;
  const around = ['prebuild', 'postbuild'].map((one) => scripts[one]);
  if (around.some((one) => one !== undefined && !dependsOnFilesOnly(one))) return false;
  return (
    name === 'build' ||
    (around.every((one) => one === undefined) &&
      /^(?:npm run build|yarn(?: run)? build)$/.test(scripts[name] ?? ''))
  );
}

/** Neither variables nor the time have a part in what these leave. Bundlers compile variables in. */
const plainCommands = ['tsc', 'npx tsc', 'rimraf', 'npx rimraf', 'rm -rf', 'rm -r', 'mkdir -p'];
const words = String.raw`(?: +(?:[\w./@=-]+|"[\w./@=-]+"|'[\w./@=-]+'))*`;
const plainCommand = new RegExp(`^(?:${plainCommands.join('|')})${words}$`);

function dependsOnFilesOnly(script: string): boolean {
  return script.split('&&').every((part) => plainCommand.test(part.trim()));
}
