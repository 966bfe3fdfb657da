import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { SourceFailure } from '../../../core/failure.ts';
import type { Remote, RemoteRules } from './remote-rules.ts';

/** Whether a list of `host`, `*.domain`, each with a port or without, names the host. */
export function namesHost(
  listed: readonly string[],
  { host, port }: Pick<Remote, 'host' | 'port'>,
  { wildcards = true } = {},
): boolean {
  return listed.some((entry) => {
    const [, name = '', only] = /^(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
    if (only !== undefined && Number(only) !== port) return false;
    if (name.startsWith('*.')) return wildcards && host.toLowerCase().endsWith(name.slice(1));
    return name === host.toLowerCase();
  });
}

/**
 * Keeps repositories from reaching services of this machine and its network: a URL comes from a client. The addresses that
 * were looked at are those that git is to connect to; undefined where it may look them up itself.
 * @throws SourceFailure `refused`
 */
export async function requirePublicHost(
  remote: Remote,
  rules: RemoteRules,
): Promise<readonly string[] | undefined> {
  if (rules.allowPrivate ?? true) return undefined;
  // On loopback, where local repositories are allowed.
  if (remote.protocol === 'file' || remote.protocol === 'http') return undefined;
  if (namesHost(rules.allowedHosts ?? [], remote, { wildcards: false })) return undefined;
  const addresses = await addressesOf(remote.host);
  const list = privateAddresses();
  const found = addresses.find((address) => list.check(address, familyOf(address)));
  const isName = isIP(remote.host.replace(/^\[|\]$/g, '')) === 0;
  if (found === undefined) return isName && addresses.length > 0 ? addresses : undefined;
  throw new SourceFailure(
    'refused',
    `${remote.shown} lies on a host of a private network or of this machine (${found}).`,
    {
      nextStep: `Use a public host, or start Berth with ${remote.host} in BERTH_REPOSITORY_HOSTS or with BERTH_ALLOW_PRIVATE_REPOSITORIES=true.`,
    },
  );
}

async function addressesOf(host: string): Promise<readonly string[]> {
  const bare = host.replace(/^\[|\]$/g, '');
  if (isIP(bare) !== 0) return [bare];
  // A name that only a proxy or the ssh configuration knows: git will say if nobody does.
  const found = await lookup(bare, { all: true }).catch(() => []);
  return found.map(({ address }) => address);
}

const privateRanges = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['::', 127],
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const;

/** With all addresses of this machine, public ones too: Berth itself listens there. */
function privateAddresses(): BlockList {
  const list = new BlockList();
  for (const [network, bits] of privateRanges) list.addSubnet(network, bits, familyOf(network));
  for (const addresses of Object.values(networkInterfaces()))
    for (const { address } of addresses ?? []) list.addAddress(address, familyOf(address));
  return list;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6';
}
