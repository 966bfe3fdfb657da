import { closeSync, constants, openSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { CommonFolder } from './common-folder.ts';

/** What a job's program waits for. Disposed of, it never comes. */
export interface Leave extends Disposable {
  /** At most once. Whoever has ended meanwhile does not take it. */
  give(): void;
}

/**
 * The name of the pipe in a job's common folder, until it is opened. The job has both ends of it, so that there is no end of it, whoever
 * is killed: bubblewrap would take that for leave.
 */
export const leaveFile = 'leave';

/** Where the job has made the pipe. Nobody else sees it any more. */
export function openLeave({ path }: CommonFolder): Leave {
  const file = join(path, leaveFile);
  let fd: number | undefined = openSync(file, constants.O_WRONLY | constants.O_NONBLOCK);
  unlinkSync(file);
  const close = (): void => {
    if (fd !== undefined) closeSync(fd);
    fd = undefined;
  };
  return {
    give() {
      if (fd === undefined) return;
      try {
        writeSync(fd, 'go');
      } catch {
        // Nobody is left to read it.
      } finally {
        close();
      }
    },
    [Symbol.dispose]: close,
  };
}
