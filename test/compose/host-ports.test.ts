import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hostPortsOf } from '../../src/compose/host-ports.ts';
import { type ConfigMistakes, parseConfig } from '../../src/config/parse-config.ts';
import { readEnv } from '../../src/config/read-env.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const portsOf = async (environment: Readonly<Record<string, string>>) => {
  const ranges = await hostPortsOf(parseConfig(readEnv(environment)), environment);
  return ranges.map(({ from, to }) => (from === to ? String(from) : `${from}-${to}`));
};

test('connectors reach the gateway, and nothing else where the operator has nothing on this machine', async () => {
  expect(await portsOf({})).toEqual(['42000-42999', '4080']);
  expect(await portsOf({ BERTH_APPS_DOMAIN: 'example.com' })).toEqual(['4080']);
});

test('a platform, registry or proxy of this machine is within reach', async () => {
  const npmrc = join(await makeTempFolder(), 'npmrc');
  await writeFile(npmrc, 'registry=http://localhost:4873/\n@mine:registry=https://127.0.0.1/\n');
  const ports = await portsOf({
    BERTH_PLATFORM_API_URL: 'http://127.0.0.1:8989/api',
    BERTH_PLATFORM_AUTH_URL: 'https://auth.example.com:7000',
    HTTPS_PROXY: 'http://user:password@localhost:3128',
    npm_config_userconfig: npmrc,
    npm_config_registry: 'http://registry.example.com:4874',
  });
  expect(ports.slice(2).sort()).toEqual(['3128', '443', '4873', '8989']);
});

test('so is what the operator allows', async () => {
  const ports = await portsOf({ BERTH_ALLOW_HOST_PORTS: '443, 5432,7000-7010' });
  expect(ports.slice(2)).toEqual(['443', '5432', '7000-7010']);
});

test.each(['0', '70000', '9-8', '80;81', 'all', '80,'])('ports cannot be "%s"', (text) => {
  expect(() => parseConfig(readEnv({ BERTH_ALLOW_HOST_PORTS: text }))).toThrow(
    expect.objectContaining<Partial<ConfigMistakes>>({
      mistakes: [expect.stringMatching(/^BERTH_ALLOW_HOST_PORTS must be ports or ranges/)],
    }),
  );
});

test.each(['10.0.0.0', '10.0.0.0/33', 'fd00::/8', 'example.com/8', '10.0.0.0/8/8'])(
  'a network that is refused cannot be "%s"',
  (text) => {
    expect(() => parseConfig(readEnv({ BERTH_REFUSE_NETWORKS: text }))).toThrow(
      expect.objectContaining<Partial<ConfigMistakes>>({
        mistakes: [expect.stringMatching(/^BERTH_REFUSE_NETWORKS must be IPv4 networks/)],
      }),
    );
  },
);
