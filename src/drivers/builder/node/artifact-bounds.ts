import { BuildFailure } from '../../../core/failure.ts';
import type { TreeItem } from './list-tree.ts';

/** Of a built tree, the packages included. */
export interface ArtifactBounds {
  readonly maxBytes: number;
  readonly maxFiles: number;
}

export const defaultBounds: ArtifactBounds = { maxBytes: 4 * 1024 ** 3, maxFiles: 300_000 };

/** What a build left behind must be of a size that can be kept, copied and checked. @throws BuildFailure */
export function requireBounds(
  application: string,
  items: readonly TreeItem[],
  { maxBytes, maxFiles }: ArtifactBounds,
): void {
  const refuse = (what: string, nextStep: string) =>
    new BuildFailure('build', `The build of application "${application}" ${what}.`, { nextStep });

  if (items.length > maxFiles)
    throw refuse(
      `left ${items.length} files; at most ${maxFiles} are kept`,
      'Let the build remove what is not needed to run, or raise BERTH_ARTIFACT_MAX_FILES.',
    );
  const bytes = items.reduce((sum, item) => sum + item.bytes, 0);
  if (bytes > maxBytes)
    throw refuse(
      `left ${mib(bytes)} MiB; at most ${mib(maxBytes)} MiB are kept`,
      `Let the build remove what is not needed to run, or raise BERTH_ARTIFACT_MAX_MB. The largest: ${largest(items)}.`,
    );
  const special = items.find(({ kind }) => kind === 'other');
  if (special !== undefined)
    throw refuse(
      `left "${special.path}", which is a pipe, a socket or a device`,
      'Let the build remove it: an artifact holds files, folders and links.',
    );
  const unreadable = items.find(({ path }) => path.includes('\ufffd'));
  if (unreadable !== undefined)
    throw refuse(
      `left the file "${unreadable.path}", whose name is not UTF-8`,
      'Let the build name its files in UTF-8.',
    );
}

function largest(items: readonly TreeItem[]): string {
  return items
    .toSorted((a, b) => b.bytes - a.bytes)
    .slice(0, 3)
    .map(({ path, bytes }) => `${path} (${mib(bytes)} MiB)`)
    .join(', ');
}

function mib(bytes: number): number {
  return Math.ceil(bytes / 1024 ** 2);
}
