import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { findProgram } from './find-program.ts';

/** A folder that a job sees at `at` as `lower` is, and whose changes go to `upper`. All are absolute, `work` is the kernel's. */
export interface Overlay {
  readonly lower: string;
  readonly upper: string;
  readonly work: string;
  readonly at: string;
}

/** The programs that show a folder to a job as one that it may change. */
export interface OverlayPrograms {
  readonly unshare: string;
  readonly mount: string;
}

/** Without a variable: one that the job has, too, would reach it with this value. */
const setUp = `
"$1" -t overlay overlay -o "$2" "$3" || exit 125
shift 3
exec "$@"
`;

/** Mounts it where only the program that follows and those it starts see it: with the last of them it is gone. */
export function enterOverlay(
  { unshare, mount }: OverlayPrograms,
  { lower, upper, work, at }: Overlay,
): readonly string[] {
  // Package managers rename folders, which an overlay refuses unless told otherwise.
  const options = `lowerdir=${lower},upperdir=${upper},workdir=${work},redirect_dir=on,metacopy=off,index=off`;
  return [unshare, '--mount', '--', '/bin/sh', '-c', setUp, 'sh', mount, options, at];
}

const patienceMs = 20_000;

/** Undefined where it does not work: some file systems cannot take the changes, and some paths cannot be told to mount. */
export async function tryOverlay(directory: string): Promise<OverlayPrograms | undefined> {
  const [unshare, mount] = await Promise.all(['unshare', 'mount'].map(findProgram));
  if (unshare === undefined || mount === undefined) return undefined;
  await mkdir(directory, { recursive: true });
  const folder = await mkdtemp(join(directory, 'overlay-'));
  const [lower, upper, work, at] = ['lower', 'upper', 'work', 'at'].map((one) => join(folder, one));
  const overlay = { lower, upper, work, at } as Overlay;
  try {
    for (const one of Object.values(overlay)) await mkdir(one);
    await mkdir(join(overlay.lower, 'before'));
    const [file = '', ...args] = [
      ...enterOverlay({ unshare, mount }, overlay),
      ...['/bin/sh', '-c', 'mv "$1/before" "$1/after"', 'sh', overlay.at],
    ];
    const { exitCode } = await execa(file, args, {
      env: {},
      extendEnv: false,
      reject: false,
      stdio: 'ignore',
      timeout: patienceMs,
    });
    return exitCode === 0 ? { unshare, mount } : undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
