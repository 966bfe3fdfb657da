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
    const fd = openSocket(address.socketPath);
    const socket = connect(`/proc/self/fd/${fd}`);
    const close = once(() => closeSync(fd));
    return socket.once('connect', close).once('close', close);
  } catch (error) {
    return failing(error instanceof Error ? error : new Error(String(error)));
  }
}

/** Of Linux, and missing in `node:fs`: only to name a file. */
const pathOnly = 0o10_000_000;

function openSocket(path: string): number {
  const fd = openSync(path, pathOnly | constants.O_NOFOLLOW);
  if (fstatSync(fd).isSocket()) return fd;
  closeSync(fd);
  throw Object.assign(new Error('What it has put in the place of its socket is none.'), {
    code: 'ECONNREFUSED',
  });
}

/** Later, as every connection that fails: whoever asked for it does not listen yet. */
function failing(error: Error): Socket {
  const socket = Object.assign(new Socket(), { connecting: true });
  setImmediate(() => socket.destroy(error));
  return socket;
}

function once(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    work();
  };
}
