import type { Import, SourceFile } from './source-file.ts';

/** What a folder may import besides itself. `*` in a path stands for any one folder. */
export interface FolderRule {
  readonly folder: string;
  readonly values?: readonly string[];
  readonly types?: readonly string[];
  /** Its files use no values of each other. */
  readonly apart?: boolean;
}

/** Folders that may import a package; where it is not listed nobody may. */
export type PackageRules = Readonly<
  Record<string, { readonly values: readonly string[]; readonly types?: readonly string[] }>
>;

export interface TokenRule {
  readonly name: string;
  readonly pattern: RegExp;
  /** Top folders in which it is refused; absent: everywhere. */
  readonly folders?: readonly string[];
  readonly except?: readonly string[];
}

export interface ArchitectureRules {
  /** The first row that fits a file is its own. */
  readonly folders: readonly FolderRule[];
  readonly packages: PackageRules;
  /** Folders that know nothing of Node. */
  readonly pure: readonly string[];
  readonly tokens: readonly TokenRule[];
}

/** Every breach of the rules, each a sentence. */
export function findViolations(
  files: readonly SourceFile[],
  rules: ArchitectureRules,
): readonly string[] {
  return [
    ...files.flatMap((file) => file.imports.flatMap((one) => checkImport(file, one, rules))),
    ...files.flatMap((file) => checkTokens(file, rules.tokens)),
    ...findCycles(files),
  ];
}

function checkImport(file: SourceFile, one: Import, rules: ArchitectureRules): readonly string[] {
  const own = folderOf(file.path, rules);
  if (own === undefined) return [`${file.path} lies in a folder without a rule`];
  if (one.isFile && one.isReExport) return [`${file.path} passes on ${one.target}`];
  return one.isFile
    ? checkFileImport(file, one, own, rules)
    : checkPackageImport(file, one, own.path, rules);
}

function checkFileImport(
  file: SourceFile,
  one: Import,
  own: OwnFolder,
  rules: ArchitectureRules,
): readonly string[] {
  const target = folderOf(one.target, rules)?.path;
  const { values = [], types = [], apart = false } = own.rule;
  if (target === own.path && (!apart || one.kind === 'type')) return [];
  const allowed = one.kind === 'value' ? values : [...values, ...types];
  if (target !== undefined && allowed.some((folder) => fits(target, folder))) return [];
  return [`${file.path} must not import ${one.kind}s of ${one.target}`];
}

function checkPackageImport(
  file: SourceFile,
  one: Import,
  own: string,
  rules: ArchitectureRules,
): readonly string[] {
  const refused = [`${file.path} must not import ${one.kind}s of ${one.target}`];
  const isNode = one.target.startsWith('node:');
  if (isNode && rules.pure.some((folder) => fits(own, folder))) return refused;
  const rule = Object.hasOwn(rules.packages, one.target) ? rules.packages[one.target] : undefined;
  if (rule === undefined) return isNode ? [] : refused;
  const allowed = one.kind === 'value' ? rule.values : [...rule.values, ...(rule.types ?? [])];
  return allowed.some((folder) => fits(own, folder)) ? [] : refused;
}

function checkTokens(file: SourceFile, tokens: readonly TokenRule[]): readonly string[] {
  const [top = ''] = file.path.split('/');
  return tokens
    .filter(({ folders = [top] }) => folders.includes(top))
    .filter(({ except = [] }) => !except.includes(file.path))
    .filter(({ pattern }) => pattern.test(file.code))
    .map(({ name }) => `${file.path} must not contain ${name}`);
}

interface OwnFolder {
  readonly rule: FolderRule;
  /** The real folder, where the rule's has a `*`. */
  readonly path: string;
}

function folderOf(path: string, { folders }: ArchitectureRules): OwnFolder | undefined {
  const segments = path.split('/').slice(0, -1);
  for (const rule of folders) {
    const own = segments.slice(0, rule.folder.split('/').length).join('/');
    if (fits(own, rule.folder)) return { rule, path: own };
  }
  return undefined;
}

function fits(folder: string, pattern: string): boolean {
  const wanted = pattern.split('/');
  const given = folder.split('/');
  return (
    given.length === wanted.length &&
    wanted.every((segment, position) => segment === '*' || segment === given[position])
  );
}

/** Imports of types count: they are gone at run time, but a reader still goes round in a circle. */
function findCycles(files: readonly SourceFile[]): readonly string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) cycles.push(`Cycle: ${[...trail.slice(start), path].join(' → ')}`);
    if (start >= 0 || done.has(path)) return;
    const imports = byPath.get(path)?.imports ?? [];
    for (const { isFile, target } of imports) if (isFile) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const { path } of files) visit(path, []);
  return cycles;
}
