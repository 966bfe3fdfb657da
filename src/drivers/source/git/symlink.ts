import { posix } from 'node:path';

/**
 * Whether a symlink may lead out of the tree it lies in. After the first name only names may follow: a later `..`
 * could climb from wherever another symlink leads, which differs with how a file system compares names.
 */
export function leavesTree(path: string, target: string): boolean {
  const parts = target.split('/').filter((part) => part !== '' && part !== '.');
  const climbs = parts.filter((part) => part === '..').length;
  const depth = posix
    .dirname(path)
    .split('/')
    .filter((part) => part !== '.').length;
  return (
    target.startsWith('/') ||
    target.includes('\\') ||
    climbs > depth ||
    parts.slice(climbs).includes('..')
  );
}
