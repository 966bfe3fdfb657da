import { execa } from 'execa';

export interface LimitedProgram {
  readonly executable: string;
  readonly args: readonly string[];
}

/** For what git holds beside one object and the one it is a difference to. */
const besidesBytes = 256 * 1024 * 1024;

/**
 * Bounds the memory of each process of git where `prlimit` is: a server can name refs, and a repository can have trees, without end.
 * Elsewhere only the size of each object is bounded.
 */
export function createMemoryLimit(
  maxObjectBytes: number,
): (executable: string, args: readonly string[]) => Promise<LimitedProgram> {
  // Soft, for the hard one may be lower already.
  const limit = [`--data=${2 * maxObjectBytes + besidesBytes}:`, '--'];
  let known: Promise<boolean> | undefined;
  return async (executable, args) => {
    known ??= canLimit(limit);
    return (await known)
      ? { executable: 'prlimit', args: [...limit, executable, ...args] }
      : { executable, args };
  };
}

async function canLimit(limit: readonly string[]): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const { failed } = await execa('prlimit', [...limit, 'true'], { reject: false, timeout: 20_000 });
  return !failed;
}

/** What `prlimit` ends with where it could not become the program; git itself does not. */
export function failedToStart(exitCode: number | undefined): boolean {
  return exitCode === 126 || exitCode === 127;
}
