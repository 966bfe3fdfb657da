import { chmod, readFile, writeFile } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import { join } from 'node:path';
import type { AddressRange } from './network-rules.ts';

export const networkFiles = ['hosts', 'resolv.conf'] as const;

/**
 * Puts what programs in a network of their own see instead of the machine's into the folder that they see as `/etc`: what is not mounted
 * makes no start later.
 */
export async function writeNetworkFiles(folder: string, range: AddressRange): Promise<void> {
  const read = (file: string) => readFile(file, 'utf8').catch(() => '');
  const files = {
    'resolv.conf': resolverFile(await read('/etc/resolv.conf'), range.nameServer),
    hosts: hostsFile(await read('/etc/hosts')),
  };
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(folder, name), content);
    await chmod(join(folder, name), 0o644);
  }
}

/** Where there is no such network after all, only the machine's are seen, or none. */
export async function emptyNetworkFiles(folder: string): Promise<void> {
  for (const name of networkFiles) await writeFile(join(folder, name), '');
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
