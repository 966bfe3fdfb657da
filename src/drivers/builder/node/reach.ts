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

/** True where package.json uses what lies around its folder in another way than by a local dependency. */
export function packageLeavesFolder({ rest, scripts }: PackageJson): boolean {
  return leavesFolder(rest, 0) || Object.values(scripts).some(scriptLeavesFolder);
}

/** Hosted Connect shows builds the whole repository here. */
const repositoryMount = '/tmp/lib';

/**
 * True where a text names paths above its folder, which lies `depth` folders below the application's. Errs on the
 * side of true, which only costs the reuse of artifacts.
 */
export function leavesFolder(text: string, depth: number): boolean {
  if (text.includes(repositoryMount)) return true;
  return climbs(text).some((levels) => levels > depth);
}

/** How many levels each path in the text goes up: `../..`, or the arguments `'..', '..'`. */
function climbs(text: string): readonly number[] {
  const paths = text.match(/(?<![.\w])(?:\.\.[/\\]+)+(?:\.\.(?![\w.]))?/g) ?? [];
  const joined = text.match(/(["'`])\.\.\1(?:\s*,\s*(["'`])\.\.\2)*/g) ?? [];
  return [...paths, ...joined].map((found) => found.match(/\.\./g)?.length ?? 0);
}

function scriptLeavesFolder(script: string): boolean {
  if (isHookSetup(script)) return false;
  return leavesFolder(script, 0) || /(?:^|[\s=])\.\.(?=$|[\s;&|])/.test(script);
}
