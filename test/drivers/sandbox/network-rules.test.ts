import type { NetworkInterfaceInfo } from 'node:os';
import { expect, test } from 'vitest';
import { hostsFile, resolverFile } from '../../../src/drivers/sandbox/network-files.ts';
import { chooseRange, networkRules } from '../../../src/drivers/sandbox/network-rules.ts';

const at = (address: string, netmask = '255.255.255.0'): NetworkInterfaceInfo => ({
  ...{ address, netmask, family: 'IPv4', mac: '00:00:00:00:00:00', internal: false, cidr: null },
});
const range = { cidr: '198.19.107.0/24', nameServer: '198.19.107.3' };

test('the range of a job is one that the machine is not in', () => {
  expect(chooseRange({ eth0: [at('10.1.2.3')] })?.cidr).toBe('198.19.107.0/24');
  expect(chooseRange({ eth0: [at('198.19.107.9')] })?.cidr).toBe('198.19.211.0/24');
});

test('allowed ports lead out before anything is refused, at every address of the machine', () => {
  const interfaces = { eth0: [at('10.1.2.3')] };
  const reach = { hostPorts: [{ from: 5432, to: 5432 }], refusedNetworks: ['172.16.0.0/12'] };
  const rules = networkRules(range, interfaces, reach).trim().split('\n');
  const first = rules.filter((rule) => rule.includes('priority 10'));
  expect(first).toContain(
    'rule add to 127.0.0.1 ipproto tcp dport 5432-5432 priority 10 lookup main',
  );
  expect(first).toContain(
    'rule add to 10.1.2.3 ipproto tcp dport 5432-5432 priority 10 lookup main',
  );
  const refused = rules.filter((rule) => rule.endsWith('unreachable')).join('\n');
  for (const address of [
    '127.0.0.0/8',
    '169.254.0.0/16',
    '10.1.2.3',
    '10.1.2.255',
    '172.16.0.0/12',
  ])
    expect(refused).toContain(`to ${address} priority 30`);
});

test('names are asked at the name server of the job first, then at those that it reaches itself', () => {
  const host = [
    ...['# made by hand', 'nameserver 127.0.0.53', 'nameserver 10.0.0.1', 'nameserver fe80::1'],
    ...['search example.com', 'options edns0'],
  ].join('\n');
  expect(resolverFile(host, range.nameServer)).toBe(
    'nameserver 198.19.107.3\nnameserver 10.0.0.1\nsearch example.com\noptions edns0\n',
  );
});

test('localhost is IPv4 alone, other names of the machine stay', () => {
  const host = '127.0.0.1 localhost\n127.0.1.1 me\n::1 localhost ip6-loopback\n10.0.0.7 registry\n';
  expect(hostsFile(host)).toBe('127.0.0.1 localhost\n10.0.0.7 registry\n');
});
