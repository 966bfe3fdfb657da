import { posix } from 'node:path';
import { isHookSetup, type PackageJson } from './package-json.ts';

/**
 * Dependencies on folders of the same repository: `file:../shared`, `link:…`, `portal:…` or a bare `../shared`; and on such
 * as no repository has: `file:/srv`, `~/shared`.
 */
export function localDependencies(packageJson: PackageJson): readonly string[] {
  return Object.values(packageJson.dependencies).flatMap(pathOf);
}

/** Folders that workspaces lie in, where they lie above their own. */
export function climbingWorkspaces({ workspaces }: PackageJson): readonly string[] {
  return workspaces.map(startOf).filter((path) => /^\.\.(?:\/|$)/.test(path));
}

function pathOf(spec: string): readonly string[] {
  const [, scheme, path = ''] = /^(file:|link:|portal:)?(.*)$/s.exec(spec) ?? [];
  // As npm reads it: `file:/../a` and `file://./a` are meant to be relative.
  const plain = scheme === undefined ? path : path.replace(/^\/{1,3}(?=\.\.?(?:\/|$))/, '');
  const isPath = /^(?:\.{1,2}(?:\/|$)|\/|~\/|[a-z]:[\\/])/i.test(plain);
  return isPath || /(?:^|\/)\.\.(?:\/|$)/.test(scheme === undefined ? '' : plain) ? [plain] : [];
}

/** Up to the first name that is a pattern. */
function startOf(pattern: string): string {
  const names = pattern.replace(/^!/, '').split('/');
  const end = names.findIndex((name) => /[*?[\]{}()!]/.test(name));
  return posix.normalize((end === -1 ? names : names.slice(0, end)).join('/') || '.');
}

/** Where a relative path ends up in the repository; undefined outside of it. */
export function resolveInRepository(folder: string, path: string): string | undefined {
  if (/^(?:\/|~|[a-z]:[\\/])/i.test(path)) return undefined;
  const resolved = posix.join(folder, path).replace(/\/$/, '');
  return resolved === '..' || resolved.startsWith('../') ? undefined : resolved;
}

/** Stands for any path of the repository. */
export const anywhere = '*';

/** Hosted Connect shows builds the whole repository here. */
const repositoryMount = '/tmp/lib';

/**
 * The paths above an application's folder that a text names, from the repository's root, as far as their first name
 * there. Errs on the side of too many, which only costs the reuse of artifacts.
 */
export function pathsOutside(
  text: string,
  place: { readonly folder: string; readonly subfolder: string },
): readonly string[] {
  if (text.includes(repositoryMount)) return [anywhere];
  const depth = place.subfolder.split('/').filter((part) => part !== '').length;
  return findClimbs(text).flatMap(({ levels, next }) => {
    if (levels <= depth) return [];
    const path = posix.join(place.folder, place.subfolder, '../'.repeat(levels), next);
    if (next === '') return [anywhere];
    return resolveInRepository('', path) ?? [];
  });
}

/** What package.json says beside its local dependencies. */
export function packagePathsOutside(packageJson: PackageJson, folder: string): readonly string[] {
  const place = { folder, subfolder: '' };
  const scripts = Object.values(packageJson.scripts).filter((script) => !isHookSetup(script));
  const leaves =
    scripts.some((script) => /(?:^|[\s=])\.\.(?=$|[\s;&|])/.test(script)) ||
    packageJson.workspaces.some((pattern) => pattern.split('/').includes('..'));
  return [
    ...pathsOutside(packageJson.rest, place),
    ...scripts.flatMap((script) => pathsOutside(script, place)),
    ...(leaves ? [anywhere] : []),
  ];
}

interface Climb {
  readonly levels: number;
  /** The name that follows, where it can be read. */
  readonly next: string;
}

/** `../../name`, or the arguments `'..', '..'`. */
function findClimbs(text: string): readonly Climb[] {
  const paths = [...text.matchAll(/(?<![.\w])((?:\.\.[/\\]+)+)(\.\.(?![\w.]))?([\w@.-]*)/g)];
  const quoted = [...text.matchAll(/(["'`])\.\.\1(?:\s*,\s*(["'`])\.\.\2)*/g)];
  const count = (found: string) => found.match(/\.\./g)?.length ?? 0;
  return [
    ...paths.map(([, climb = '', more = '', next = '']) => ({ levels: count(climb + more), next })),
    ...quoted.map(([found]) => ({ levels: count(found), next: '' })),
  ];
}
