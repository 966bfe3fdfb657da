import { readFile, writeFile } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import { join } from 'node:path';
import type { AddressRange } from './network-rules.ts';
import type { SystemMount } from './system-mounts.ts';

/** What programs in a network of their own see instead of the machine's. `directory` takes the files. */
export async function writeNetworkFiles(
  directory: string,
  range: AddressRange,
): Promise<readonly SystemMount[]> {
  const read = (file: string) => readFile(file, 'utf8').catch(() => '');
  const files = {
    'resolv.conf': resolverFile(await read('/etc/resolv.conf'), range.nameServer),
    hosts: hostsFile(await read('/etc/hosts')),
  };
  const mounts: SystemMount[] = [];
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(directory, name), content, { mode: 0o644 });
    mounts.push({ kind: 'folder', from: join(directory, name), at: `/etc/${name}` });
  }
  return mounts;
}

/**
 * The first name server hands questions to the machine's own, also to one on loopback, and follows when that changes. Then
 * come those that can be reached as they are.
 */
export function resolverFile(host: string, nameServer: string): string {
  const lines = host.split('\n').map((line) => line.trim());
  const others = lines.filter((line) => {
    const [, address = ''] = /^nameserver\s+(\S+)$/.exec(line) ?? [];
    return isIPv4(address) && !/^(?:127|169\.254)\./.test(address);
  });
  const kept = lines.filter((line) => /^(?:search|domain|options)\s/.test(line));
  return [`nameserver ${nameServer}`, ...others, ...kept, ''].join('\n');
}

/** `localhost` is 127.0.0.1 alone: the allowed ports of the machine are not on ::1. */
export function hostsFile(host: string): string {
  const others = host
    .split('\n')
    .filter((line) => !/^\s*(?:127\.|::1\s)/.test(line) && !/^\s*(?:#|$)/.test(line));
  return ['127.0.0.1 localhost', ...others, ''].join('\n');
}
