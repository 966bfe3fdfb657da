import { posix } from 'node:path';
import { isHookSetup, type PackageJson } from './package-json.ts';

/** Dependencies on folders of the same repository: `file:../shared`, `link:…`, `portal:…` or a bare `../shared`. */
export function localDependencies(packageJson: PackageJson): readonly string[] {
  return Object.values(packageJson.dependencies).flatMap((spec) => {
    const [, path] = /^(?:file:|link:|portal:)?(\.{1,2}(?:\/.*)?)$/.exec(spec) ?? [];
    return path === undefined ? [] : [path];
  });
}

/** Where a relative path ends up in the repository; undefined outside of it. */
export function resolveInRepository(folder: string, path: string): string | undefined {
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
  const leaves = scripts.some((script) => /(?:^|[\s=])\.\.(?=$|[\s;&|])/.test(script));
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
