import { isIPv4 } from 'node:net';

/** Both inclusive. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

const repositoryHost =
  /^(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?::\d{1,5})?$|^\[[0-9a-f:.]+\](?::\d{1,5})?$/;

export function parseRepositoryHosts(
  raw: string,
  fail: (text: string) => void,
): { repositoryHosts?: readonly string[] } {
  if (raw === '') return {};
  const repositoryHosts = raw
    .toLowerCase()
    .split(',')
    .map((host) => host.trim());
  if (!repositoryHosts.every((host) => repositoryHost.test(host)))
    fail('must be host names separated by commas, such as github.com,*.example.com');
  return { repositoryHosts };
}

export function parseHostPorts(raw: string, fail: (text: string) => void): readonly PortRange[] {
  if (raw === '') return [];
  const ranges = raw.split(',').map((text) => {
    const [, from, to = from] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text.trim()) ?? [];
    return { from: Number(from), to: Number(to) };
  });
  if (!ranges.every(({ from, to }) => from >= 1 && from <= to && to <= 65_535))
    fail('must be ports or ranges separated by commas, such as 443,7000-7010');
  return ranges;
}

export function parseNetworks(raw: string, fail: (text: string) => void): readonly string[] {
  if (raw === '') return [];
  const networks = raw.split(',').map((text) => text.trim());
  const isNetwork = (text: string): boolean => {
    const [address = '', bits = '', ...more] = text.split('/');
    return isIPv4(address) && /^\d{1,2}$/.test(bits) && Number(bits) <= 32 && more.length === 0;
  };
  if (!networks.every(isNetwork))
    fail('must be IPv4 networks separated by commas, such as 10.0.0.0/8,192.168.0.0/16');
  return networks;
}

export function parsePorts(text: string, fail: () => void): PortRange {
  const match = /^(\d{1,5})-(\d{1,5})$/.exec(text);
  const [from, to] = [Number(match?.[1]), Number(match?.[2])];
  if (match === null || from < 1024 || to > 65_535 || from > to) fail();
  return { from, to };
}
