/** The part of a package.json that decides how it is installed, built and started. */
export interface PackageJson {
  readonly name: string | undefined;
  readonly version: string | undefined;
  readonly scripts: Readonly<Record<string, string>>;
  /** Every section but peers: what an install brings. */
  readonly dependencies: Readonly<Record<string, string>>;
  readonly engine: string | undefined;
  readonly packageManager: string | undefined;
  readonly hasWorkspaces: boolean;
  /** As they are written: where they lie, or patterns of that. */
  readonly workspaces: readonly string[];
  /** Something is installed that is not only for development. */
  readonly hasProductionDependencies: boolean;
  /** False where an install would do nothing at all. */
  readonly needsInstall: boolean;
  /** One of its own scripts takes part in an install. */
  readonly hasInstallScript: boolean;
  /** What an install resolves, as text. */
  readonly resolution: string;
  /** Files others import it by; empty where it names none. */
  readonly entries: readonly string[];
  /** Everything else, as text, to search for paths that leave the folder. */
  readonly rest: string;
}

const installScripts = [
  'preinstall',
  'install',
  'postinstall',
  'prepublish',
  'preprepare',
  'prepare',
  'postprepare',
];
/** What is deeper would end in an overflow somewhere. */
const maxLevels = 100;
const dependencySections = ['dependencies', 'devDependencies', 'optionalDependencies'] as const;
const resolutionFields = [
  ...dependencySections,
  'peerDependencies',
  'peerDependenciesMeta',
  'dependenciesMeta',
  'overrides',
  'resolutions',
];

/** @throws SyntaxError where it is no JSON object */
export function parsePackageJson(text: string): PackageJson {
  const parsed: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
  if (!isRecord(parsed)) throw new SyntaxError('it must hold an object');
  if (isDeeperThan(maxLevels, parsed)) throw new SyntaxError('it is nested too deeply');
  const { scripts, engines, packageManager, workspaces, ...rest } = parsed;
  const dependencies = dependencySections.flatMap((section) =>
    Object.entries(stringsOf(rest[section])),
  );
  const production = ['dependencies', 'optionalDependencies', 'peerDependencies'].flatMap(
    (section) => Object.keys(stringsOf(parsed[section])),
  );
  for (const section of dependencySections) delete rest[section];
  const installed = [...dependencies, ...Object.keys(stringsOf(rest['peerDependencies']))];
  const hasInstallScript = installScripts.some((name) => {
    const script = stringsOf(scripts)[name];
    return script !== undefined && !isHookSetup(script);
  });
  return {
    name: stringOf(parsed['name']),
    version: stringOf(parsed['version']),
    scripts: stringsOf(scripts),
    dependencies: Object.fromEntries(dependencies),
    engine: stringOf(stringsOf(engines)['node']),
    packageManager: stringOf(packageManager),
    hasWorkspaces: workspaces !== undefined,
    workspaces: workspacesIn(workspaces),
    hasInstallScript,
    hasProductionDependencies: production.length > 0 || workspaces !== undefined,
    resolution: JSON.stringify(resolutionFields.map((field) => parsed[field] ?? null)),
    needsInstall: installed.length > 0 || hasInstallScript || workspaces !== undefined,
    entries: ['main', 'module', 'exports', 'types'].flatMap((field) => pathsIn(rest[field])),
    rest: JSON.stringify(rest),
  };
}

/** Git hooks: an artifact has no git, and nothing else happens. */
export function isHookSetup(script: string): boolean {
  return /^(?:cd \.\.\/? && )?(?:npx )?husky(?: [\w./-]+)*(?: \|\| true)?$/.test(script.trim());
}

/**
 * True where its scripts may write into installed packages: their files must not be shared then. Install scripts are
 * what patches packages; package managers themselves and build tools replace files or write to folders of their own.
 */
export function altersPackages({ hasInstallScript, scripts }: PackageJson): boolean {
  const tools = /\b(?:patch-package|prisma|ngcc)\b/;
  return hasInstallScript || Object.values(scripts).some((line) => tools.test(line));
}

/** `exports` nests conditions and subpaths; patterns name no single file. */
function pathsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.includes('*') ? [] : [value];
  return isRecord(value) ? Object.values(value).flatMap(pathsIn) : [];
}

/** A list, or in the form of Yarn 1 an object with the list. */
function workspacesIn(value: unknown): readonly string[] {
  const list = isRecord(value) ? value['packages'] : value;
  return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : [];
}

/** Without a prototype: a script may be named, or ask for, `constructor`. */
function stringsOf(value: unknown): Record<string, string> {
  const strings: Record<string, string> = Object.create(null);
  if (!isRecord(value)) return strings;
  for (const [name, text] of Object.entries(value))
    if (typeof text === 'string') strings[name] = text;
  return strings;
}

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((item) => isDeeperThan(levels - 1, item));
}

function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
