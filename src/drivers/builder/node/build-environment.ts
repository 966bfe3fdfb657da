import { delimiter, join } from 'node:path';

export type Environment = Readonly<Record<string, string>>;

/** What builds may know of the machine, in any case of letters: how to reach the network, and the language. */
const passed =
  /^(?:(?:https?|all|no|ftp)_proxy|node_extra_ca_certs|ssl_cert_(?:file|dir)|lang|lc_[a-z]+|tz)$/i;

/** The operator's registries and how to reach them. All else `npm_config_…` may come from an `npm run` around Berth. */
const registryConfig =
  /^npm_config_(?:.*registry|.*:_?auth.*|_?auth|userconfig|globalconfig|(?:https?-?_?)?proxy|no_?proxy|ca|cafile|cert|certfile|key|keyfile|strict[-_]ssl|always[-_]auth|fetch[-_].*|maxsockets)$/i;
const yarnRegistryConfig = /^yarn_(?:registry|npm_.*|https?_proxy|https_ca_file_path)$/i;

/** The part of the operator's environment that goes into builds. */
export function selectOperatorEnvironment(
  operator: Readonly<Record<string, string | undefined>>,
): Environment {
  const entries = Object.entries(operator).flatMap(([name, value]) => {
    if (value === undefined) return [];
    const isPassed = [passed, registryConfig, yarnRegistryConfig].some((rule) => rule.test(name));
    return isPassed ? [[name, value] as const] : [];
  });
  const selected = Object.fromEntries(entries);
  return { ...pinYarnRegistry(selected), ...selected, PATH: selectPath(operator['PATH'] ?? '') };
}

/** Yarn sends these credentials to whichever registry a project's `.yarnrc.yml` names, unless the environment names one. */
function pinYarnRegistry(selected: Environment): Environment {
  const names = Object.keys(selected);
  const hasCredentials = names.some((name) => /^yarn_npm_auth_(?:token|ident)$/i.test(name));
  return hasCredentials ? { YARN_NPM_REGISTRY_SERVER: 'https://registry.yarnpkg.com' } : {};
}

/** Where the operator's own `.npmrc` is; npm does not mind if there is none. */
export function operatorNpmrc(
  operator: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const named = Object.entries(operator).find(([name]) => /^npm_config_userconfig$/i.test(name));
  const home = operator['HOME'];
  return named?.[1] ?? (home === undefined ? undefined : join(home, '.npmrc'));
}

/** Settings for tools that would ask, advertise or write elsewhere. `CI` is not set: some bundlers turn warnings into errors by it. */
const quiet: Environment = {
  npm_config_yes: 'true',
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_update_notifier: 'false',
  npm_config_progress: 'false',
  npm_config_engine_strict: 'false',
  YARN_ENABLE_TELEMETRY: '0',
  YARN_ENABLE_PROGRESS_BARS: '0',
  NO_UPDATE_NOTIFIER: '1',
  HUSKY: '0',
  DISABLE_OPENCOLLECTIVE: '1',
  ADBLOCK: '1',
};

export interface BuildSurroundings {
  /** From `selectOperatorEnvironment`. */
  readonly operator: Environment;
  readonly npmrc: string | undefined;
  readonly registry: string | undefined;
  readonly memoryHintMb: number | undefined;
  readonly cacheDirectory: string;
}

export interface BuildFolders {
  readonly home: string;
  readonly temporary: string;
  /** Folders that come first on PATH. */
  readonly path: readonly string[];
}

/** The whole environment of an install or build command. */
export function buildEnvironment(
  surroundings: BuildSurroundings,
  folders: BuildFolders,
  requested: Environment,
): Environment {
  const { operator, memoryHintMb } = surroundings;
  const globals = join(folders.home, 'global');
  return {
    ...toolEnvironment(surroundings),
    // Else `npm install -g` would write beside Berth's own node.
    npm_config_prefix: globals,
    ...(memoryHintMb === undefined ? {} : { NODE_OPTIONS: `--max-old-space-size=${memoryHintMb}` }),
    ...requested,
    PATH: [...folders.path, join(globals, 'bin'), operator['PATH'] ?? ''].join(delimiter),
    HOME: folders.home,
    TMPDIR: folders.temporary,
  };
}

/** How package managers reach their registry and keep quiet: for builds, and for scripts, which often install again. */
export function toolEnvironment(surroundings: BuildSurroundings): Environment {
  const { operator, npmrc, registry, cacheDirectory } = surroundings;
  const { PATH: _, ...network } = operator;
  return {
    ...network,
    ...quiet,
    npm_config_cache: join(cacheDirectory, 'npm'),
    ...(npmrc === undefined ? {} : { NPM_CONFIG_USERCONFIG: npmrc }),
    ...(registry === undefined ? {} : registryEnvironment(registry)),
  };
}

function registryEnvironment(registry: string): Environment {
  return {
    npm_config_registry: registry,
    // pnpm 11 listens to its own prefix only.
    pnpm_config_registry: registry,
    YARN_REGISTRY: registry,
    YARN_NPM_REGISTRY_SERVER: registry,
  };
}

/** Programs of Berth's own dependencies, which an `npm run` puts first, must not stand in for a connector's. */
function selectPath(path: string): string {
  const entries = path.split(delimiter).filter((entry) => {
    return entry.startsWith('/') && !/node_modules\/\.bin\/?$|node-gyp-bin\/?$/.test(entry);
  });
  return entries.length > 0 ? entries.join(delimiter) : '/usr/local/bin:/usr/bin:/bin';
}
