import semver from 'semver';

export type ManagerName = 'npm' | 'yarn-classic' | 'yarn-berry' | 'pnpm';

export interface ManagerChoice {
  readonly name: ManagerName;
  /** What to bring into the tool directory; absent where Berth or the project itself has the program. */
  readonly fetch?: { readonly package: string; readonly version: string };
  readonly locked: boolean;
  /** The folder itself is the root of workspaces. */
  readonly hasWorkspaces: boolean;
}

/** What decides the package manager: the files of one folder. */
export interface ManagerFacts {
  readonly files: ReadonlySet<string>;
  readonly hasWorkspaces: boolean;
  readonly packageManager: string | undefined;
  /** Where the lockfiles begin: they name their own version there. */
  readonly yarnLock: string | undefined;
  readonly pnpmLock: string | undefined;
  /** `.yarnrc.yml` names a release that is inside the folder. */
  readonly hasYarnRelease: boolean;
}

export interface Command {
  readonly tool: 'npm' | 'yarn' | 'pnpm';
  readonly args: readonly string[];
  /** How people write it: `npm ci`. */
  readonly label: string;
}

export interface InstallPlan {
  readonly command: Command;
  /** Tried instead where the output of `command` shows that the lockfile does not match. */
  readonly fallback?: { readonly command: Command; readonly when: RegExp; readonly note: string };
}

/** By the lockfile in the folder; `packageManager` often contradicts it and only names a version. */
export function chooseManager(facts: ManagerFacts): ManagerChoice {
  const { files, hasWorkspaces } = facts;
  if (facts.yarnLock !== undefined) return { ...chooseYarn(facts), locked: true, hasWorkspaces };
  if (facts.pnpmLock !== undefined) {
    const version = namedVersion(facts.packageManager, 'pnpm') ?? pnpmFor(facts.pnpmLock);
    return {
      name: 'pnpm',
      fetch: { package: 'pnpm', version },
      locked: true,
      hasWorkspaces: files.has('pnpm-workspace.yaml'),
    };
  }
  const locked = files.has('package-lock.json') || files.has('npm-shrinkwrap.json');
  return { name: 'npm', locked, hasWorkspaces };
}

export function planInstall({ name, locked, hasWorkspaces }: ManagerChoice): InstallPlan {
  switch (name) {
    case 'npm': {
      // The flag would also leave out workspaces of the application's own.
      const alone = hasWorkspaces ? [] : ['--no-workspaces'];
      const install = command('npm', ['install', '--include=dev', ...alone]);
      if (!locked) return { command: install };
      return {
        command: command('npm', ['ci', '--include=dev', ...alone]),
        fallback: outdated('npm ci', install, /\bEUSAGE\b/),
      };
    }
    case 'yarn-classic': {
      const flags = ['--ignore-engines', '--non-interactive', '--no-progress'];
      return {
        command: command('yarn', ['install', '--frozen-lockfile', ...flags]),
        fallback: outdated(
          'yarn install --frozen-lockfile',
          command('yarn', ['install', ...flags]),
          /lockfile needs to be updated/,
        ),
      };
    }
    case 'yarn-berry':
      return {
        command: command('yarn', ['install', '--immutable']),
        fallback: outdated(
          'yarn install --immutable',
          command('yarn', ['install', '--no-immutable']),
          /\bYN0028\b/,
        ),
      };
    case 'pnpm': {
      // Settings of a `pnpm-workspace.yaml` in the folder itself belong to the application.
      const alone = hasWorkspaces ? [] : ['--ignore-workspace'];
      return {
        command: command('pnpm', ['install', '--frozen-lockfile', ...alone]),
        fallback: outdated(
          'pnpm install --frozen-lockfile',
          command('pnpm', ['install', '--no-frozen-lockfile', ...alone]),
          /\bERR_PNPM_(?:OUTDATED_LOCKFILE|LOCKFILE_CONFIG_MISMATCH|LOCKFILE_BREAKING_CHANGE)\b/,
        ),
      };
    }
    default:
      return name satisfies never;
  }
}

const tools: Record<ManagerName, Command['tool']> = {
  npm: 'npm',
  'yarn-classic': 'yarn',
  'yarn-berry': 'yarn',
  pnpm: 'pnpm',
};

export function planRun(manager: ManagerName, script: string): Command {
  const tool = tools[manager];
  return { tool, args: ['run', script], label: `${tool} run ${script}` };
}

/** What a package manager is told whenever it runs in a tree it has installed: by a build, or by a script afterwards. */
export function managerSettings(
  manager: ManagerName,
  cacheDirectory: string,
): Readonly<Record<string, string>> {
  switch (manager) {
    case 'npm':
      return {};
    case 'yarn-classic':
      return { SKIP_YARN_COREPACK_CHECK: '1' };
    case 'yarn-berry':
      // Plug'n'Play points into the cache: it must be part of the tree, or the artifact could not move.
      return {
        SKIP_YARN_COREPACK_CHECK: '1',
        YARN_GLOBAL_FOLDER: `${cacheDirectory}/yarn-berry`,
        YARN_ENABLE_GLOBAL_CACHE: 'false',
      };
    case 'pnpm': {
      const settings = {
        // Asked for again elsewhere, it would throw everything away and start anew.
        store_dir: `${cacheDirectory}/pnpm`,
        // Never hard links: a tool that writes into node_modules would alter the store, and with it other artifacts.
        package_import_method: 'clone-or-copy',
        confirm_modules_purge: 'false',
        manage_package_manager_versions: 'false',
        package_manager_strict: 'false',
        update_notifier: 'false',
      };
      // pnpm 11 listens to its own prefix only.
      const prefixes = ['npm_config_', 'pnpm_config_'];
      return Object.fromEntries(
        prefixes.flatMap((prefix) =>
          Object.entries(settings).map(([name, value]) => [`${prefix}${name}`, value]),
        ),
      );
    }
    default:
      return manager satisfies never;
  }
}

function chooseYarn(facts: ManagerFacts): Pick<ManagerChoice, 'name' | 'fetch'> {
  const lock = facts.yarnLock ?? '';
  if (!/^__metadata:/m.test(lock)) return { name: 'yarn-classic' };
  if (facts.hasYarnRelease) return { name: 'yarn-berry' };
  const named = namedVersion(facts.packageManager, 'yarn');
  const version = named !== undefined && semver.gte(named, '2.0.0') ? named : berryFor(lock);
  return { name: 'yarn-berry', fetch: { package: '@yarnpkg/cli-dist', version } };
}

/** The newest that leaves such a lockfile as it is: later ones would have to rewrite it. */
function berryFor(lock: string): string {
  const version = Number(/^__metadata:\s+version: ["']?(\d+)/m.exec(lock)?.[1] ?? 8);
  if (version <= 4) return '2';
  if (version <= 7) return '3';
  if (version === 8) return '4.13';
  return version === 9 ? '4.14' : '4';
}

function pnpmFor(lock: string): string {
  const version = Number(/^lockfileVersion: ['"]?(\d+)/m.exec(lock)?.[1] ?? 9);
  if (version <= 5) return '7';
  return version <= 6 ? '8' : '10';
}

/** `pnpm@9.1.0+sha512.…` → `9.1.0` */
function namedVersion(packageManager: string | undefined, name: string): string | undefined {
  const [named, version = ''] = (packageManager ?? '').split('@');
  return named === name ? (semver.valid(version.split('+')[0]) ?? undefined) : undefined;
}

function command(tool: Command['tool'], args: readonly string[]): Command {
  return { tool, args, label: `${tool} ${args[0]}` };
}

function outdated(
  label: string,
  fallback: Command,
  when: RegExp,
): NonNullable<InstallPlan['fallback']> {
  return {
    command: fallback,
    when,
    note: `The lockfile does not match package.json: \`${label}\` refused it, \`${fallback.label}\` resolved the dependencies anew. Commit an updated lockfile to get the same versions every time.`,
  };
}
