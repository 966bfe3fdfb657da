import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Overlay, Workspace } from '../../../ports/builder.ts';
import type { StoredArtifact } from './artifact-store.ts';
import { withNpmrc } from './confinement.ts';
import { copyAroundPackages, copyTree } from './copy-tree.ts';
import { noRepeats } from './repeats.ts';
import { markUnchanged, writeScriptPrograms } from './script-programs.ts';
import { createWorkFolder } from './work-folders.ts';

/** A copy of a built tree that goes when it is disposed of, with all that still runs in it. */
export async function openWorkspace(
  parent: string,
  stored: StoredArtifact,
  {
    isConfined,
    canOverlay,
    npmrc,
    tools,
    environment,
    handOver,
  }: Pick<Workspace, 'environment'> & {
    /** The folder of the programs that belong to the artifact. */
    readonly tools: string;
    readonly isConfined: boolean;
    /** Then nothing is copied: what is changed lies beside the artifact. */
    readonly canOverlay: boolean;
    readonly npmrc: string | undefined;
    /** To whoever scripts run as. */
    readonly handOver: (folder: string) => Promise<void>;
  },
): Promise<Workspace> {
  const { tree, record } = stored;
  await using folder = new AsyncDisposableStack();
  const { directory } = folder.use(await createWorkFolder(parent));
  const root = join(directory, 'root');
  const copy = join(root, 'tree');
  await mkdir(root);
  const overlay = canOverlay
    ? await prepareOverlay(directory, { lower: tree, at: copy })
    : undefined;
  // Shared files are the artifact's own: what is confined must not be able to write to them.
  const copyAll = record.sharesPackages && !isConfined ? copyAroundPackages : copyTree;
  if (overlay === undefined) await copyAll(tree, copy);
  const application = join(copy, record.application);
  const programs = join(root, 'programs');
  const { repeats = noRepeats } = record;
  await writeScriptPrograms({ directory: programs, tools, tree: copy, application, repeats });
  const own = isConfined ? await withNpmrc(npmrc, root) : {};
  await handOver(root);
  if (overlay !== undefined) await handOver(overlay.upper);
  await markUnchanged(programs);
  const owned = folder.move();
  return {
    directory: application,
    root,
    ...(overlay === undefined ? {} : { overlay }),
    path: [programs, tools],
    environment: { ...environment, ...own },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Outside of what a command sees, which must not meddle with what the kernel keeps there. */
async function prepareOverlay(
  directory: string,
  { lower, at }: Pick<Overlay, 'lower' | 'at'>,
): Promise<Overlay> {
  const overlay = { lower, at, upper: join(directory, 'changes'), work: join(directory, 'kernel') };
  for (const one of [overlay.upper, overlay.work, at]) await mkdir(one);
  return overlay;
}
