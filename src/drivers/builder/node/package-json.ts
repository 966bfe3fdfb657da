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
  /** False where an install would do nothing at all. */
  readonly needsInstall: boolean;
  /** Files others import it by; empty where it names none. */
  readonly entries: readonly string[];
  /** Everything else, as text, to search for paths that leave the folder. */
  readonly rest: string;
}

const installScripts = [
  'preinstall',
  'install',
  'postinstall',
  'preprepare',
  'prepare',
  'postprepare',
];
const dependencySections = ['dependencies', 'devDependencies', 'optionalDependencies'] as const;

/** @throws SyntaxError where it is no JSON object */
export function parsePackageJson(text: string): PackageJson {
  const parsed: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
  if (!isRecord(parsed)) throw new SyntaxError('it must hold an object');
  const { scripts, engines, packageManager, workspaces, ...rest } = parsed;
  const dependencies = dependencySections.flatMap((section) =>
    Object.entries(stringsOf(rest[section])),
  );
  for (const section of dependencySections) delete rest[section];
  const installed = [...dependencies, ...Object.keys(stringsOf(rest['peerDependencies']))];
  const hasInstallScript = installScripts.some((name) => stringsOf(scripts)[name] !== undefined);
  return {
    name: stringOf(parsed['name']),
    version: stringOf(parsed['version']),
    scripts: stringsOf(scripts),
    dependencies: Object.fromEntries(dependencies),
    engine: stringOf(stringsOf(engines)['node']),
    packageManager: stringOf(packageManager),
    hasWorkspaces: workspaces !== undefined,
    needsInstall: installed.length > 0 || hasInstallScript || workspaces !== undefined,
    entries: ['main', 'module', 'exports', 'types'].flatMap((field) => pathsIn(rest[field])),
    rest: JSON.stringify(rest),
  };
}

/** `exports` nests conditions and subpaths; patterns name no single file. */
function pathsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.includes('*') ? [] : [value];
  return isRecord(value) ? Object.values(value).flatMap(pathsIn) : [];
}

function stringsOf(value: unknown): Record<string, string> {
  if (!isRecord(value)) return {};
  const entries = Object.entries(value).filter((entry): entry is [string, string] => {
    return typeof entry[1] === 'string';
  });
  return Object.fromEntries(entries);
}

function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
