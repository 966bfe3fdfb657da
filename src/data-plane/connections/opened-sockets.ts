import { closeSync, lstatSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { LocalAddress } from '../../core/local-address.ts';
import { connectTo, connectToOpened, type OpenedSocket, openSocket } from './connect-to.ts';

/**
 * Sockets of instances that stay open as what they were when they were looked at (`connectTo`). It is for callers that need a connection
 * for each call: to see that one is still in its place takes less than to open it again.
 */
export interface OpenedSockets extends Disposable {
  connectTo(address: LocalAddress): Socket;
  /** Lets go of all others. */
  keep(addresses: Iterable<LocalAddress>): void;
}

export function createOpenedSockets(): OpenedSockets {
  /** Those to keep, by path; undefined until they are needed. */
  let kept = new Map<string, OpenedSocket | undefined>();

  const open = (path: string): OpenedSocket => {
    const known = kept.get(path);
    if (known !== undefined && known.inode === inodeAt(path)) return known;
    kept.set(path, undefined);
    if (known !== undefined) closeSync(known.fd);
    const opened = openSocket(path);
    kept.set(path, opened);
    return opened;
  };
  const keep = (addresses: Iterable<LocalAddress>): void => {
    const before = kept;
    kept = new Map();
    for (const address of addresses)
      if ('socketPath' in address) kept.set(address.socketPath, before.get(address.socketPath));
    for (const [path, opened] of before)
      if (opened !== undefined && !kept.has(path)) closeSync(opened.fd);
  };
  return {
    connectTo(address) {
      if (!('socketPath' in address) || !kept.has(address.socketPath)) return connectTo(address);
      try {
        return connectToOpened(open(address.socketPath).fd);
      } catch {
        // Which says why, in the way in which connections fail.
        return connectTo(address);
      }
    },
    keep,
    [Symbol.dispose]: () => keep([]),
  };
}

function inodeAt(path: string): number | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.ino;
}
