import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { connect, Socket } from 'node:net';
import type { LocalAddress } from '../../core/local-address.ts';

/**
 * Opens a connection to where an instance answers. Where that is a socket in the file system the instance has made it itself, and could
 * have put a link to one of the machine's in its place: it is opened once, looked at, and connected to as what it was then.
 */
export function connectTo(address: LocalAddress): Socket {
  if (!('socketPath' in address)) return connect({ ...address, noDelay: true });
  try {
    const { fd } = openSocket(address.socketPath);
    try {
      return connectToOpened(fd);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    return failing(error instanceof Error ? error : new Error(String(error)));
  }
}

/** Of Linux, and missing in `node:fs`: only to name a file. */
const pathOnly = 0o10_000_000;

/** A socket in the file system, opened as what it is now: whatever takes its place is another. */
export interface OpenedSocket {
  readonly fd: number;
  /** While it is open nothing else on its file system has this number, to the precision of a double. */
  readonly inode: number;
}

/** @throws where there is none, or a link in its place */
export function openSocket(path: string): OpenedSocket {
  const fd = openSync(path, pathOnly | constants.O_NOFOLLOW);
  const found = fstatSync(fd);
  if (found.isSocket()) return { fd, inode: found.ino };
  closeSync(fd);
  throw Object.assign(new Error('What it has put in the place of its socket is none.'), {
    code: 'ECONNREFUSED',
  });
}

/** It is on its way to the socket when this returns: the descriptor may be closed, and be another's, at once. */
export function connectToOpened(fd: number): Socket {
  return connect(`/proc/self/fd/${fd}`);
}

/** Later, as every connection that fails: whoever asked for it does not listen yet. */
function failing(error: Error): Socket {
  const socket = Object.assign(new Socket(), { connecting: true });
  setImmediate(() => socket.destroy(error));
  return socket;
}
