import { BlockList } from 'node:net';
import type { NetworkInterfaceInfo } from 'node:os';

/** The part of the network that programs get: addresses that no real host has (RFC 2544, RFC 5737), as slirp4netns divides them. */
export interface AddressRange {
  readonly cidr: string;
  /** Answers questions for names, as the machine would. */
  readonly nameServer: string;
}

/** 198.19 first: laboratories use the examples' networks for hosts of their own. */
const ranges: readonly AddressRange[] = [
  '198.19.107',
  '198.19.211',
  '198.51.100',
  '203.0.113',
  '192.0.2',
].map((start) => ({
  cidr: `${start}.0/24`,
  nameServer: `${start}.3`,
}));

/** Both inclusive. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

export function describeRange({ from, to }: PortRange): string {
  return `${from}-${to}`;
}

/** What a job reaches besides what everybody does, and what it does not. */
export interface Reach {
  /** Of this machine, at 127.0.0.1 and its other addresses. */
  readonly hostPorts: readonly PortRange[];
  /** As `10.0.0.0/8`. */
  readonly refusedNetworks: readonly string[];
}

export type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

/** The first that this machine is not in itself. */
export function chooseRange(interfaces: Interfaces): AddressRange | undefined {
  const own = addressesOf(interfaces);
  return ranges.find(({ cidr }) => {
    const list = new BlockList();
    list.addSubnet(cidr.replace(/\/24$/, ''), 24);
    return !own.some((address) => list.check(address));
  });
}

/**
 * What nobody has a reason to ask: link-local addresses, where clouds answer with the machine's rights, those that some
 * clouds have elsewhere (Alibaba, Oracle), and groups, which the machine's own programs may be members of.
 */
const never = [
  '0.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '100.100.100.200',
  '192.0.0.192',
  '224.0.0.0/4',
  '255.255.255.255',
];

/**
 * Policy rules of a new network, for `ip -batch`. The first that fits counts: the allowed ports of this machine lead out, where
 * slirp4netns connects to them; then what is inside; then nothing of this machine, of `never` or of what is refused; the rest
 * leads out. An address that the machine gets later is not among them.
 */
export function networkRules(
  { nameServer }: AddressRange,
  interfaces: Interfaces,
  { hostPorts, refusedNetworks }: Reach,
): string {
  const own = addressesOf(interfaces);
  const allowed = [
    ...['127.0.0.1', ...own].flatMap((address) =>
      hostPorts.map((range) => `to ${address} ipproto tcp dport ${describeRange(range)}`),
    ),
    ...['udp', 'tcp'].map((protocol) => `to ${nameServer} ipproto ${protocol} dport 53`),
  ];
  // The name server is whatever the machine asks, which may be the machine itself.
  const refused = new Set([
    ...own,
    ...broadcastsOf(interfaces),
    nameServer,
    ...never,
    ...refusedNetworks,
  ]);
  return [
    ...allowed.map((rule) => `rule add ${rule} priority 10 lookup main`),
    // The kernel's own comes before every other and would keep 127.0.0.1 inside.
    'rule add priority 20 lookup local',
    'rule del priority 0 lookup local',
    ...[...refused].map((address) => `rule add to ${address} priority 30 unreachable`),
    '',
  ].join('\n');
}

function addressesOf(interfaces: Interfaces): readonly string[] {
  const all = Object.values(interfaces).flatMap((infos) => infos ?? []);
  const ipv4 = all.filter(({ family, address }) => family === 'IPv4' && !/^127\./.test(address));
  return ipv4.map(({ address }) => address);
}

/** A datagram to everybody reaches this machine's own programs, too. */
function broadcastsOf(interfaces: Interfaces): readonly string[] {
  const all = Object.values(interfaces).flatMap((infos) => infos ?? []);
  return all
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address, netmask }) => {
      const mask = netmask.split('.').map(Number);
      const parts = address.split('.').map(Number);
      return parts.map((part, index) => part | (~(mask[index] ?? 255) & 255)).join('.');
    });
}
