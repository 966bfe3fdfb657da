import { expect, test } from 'vitest';
import {
  buildEnvironment,
  operatorNpmrc,
  selectOperatorEnvironment,
} from '../../../../src/drivers/builder/node/build-environment.ts';

test('of the operator only the path, the network and the registries reach a build', () => {
  const selected = selectOperatorEnvironment({
    PATH: '/berth/node_modules/.bin:/x/node-gyp-bin:/usr/local/bin:relative:/usr/bin',
    HOME: '/home/operator',
    BERTH_DATABASE_URL: 'postgres://secret',
    NODE_OPTIONS: '--inspect',
    NODE_ENV: 'production',
    https_proxy: 'http://proxy',
    NO_PROXY: 'localhost',
    NODE_EXTRA_CA_CERTS: '/ca.pem',
    LC_ALL: 'C.UTF-8',
    npm_config_registry: 'https://registry.example',
    'npm_config_@acme:registry': 'https://acme.example',
    'npm_config_//acme.example/:_authToken': 'token',
    NPM_CONFIG_STRICT_SSL: 'false',
    npm_config_userconfig: '/home/operator/.npmrc',
    npm_config_prefix: '/usr',
    npm_config_local_prefix: '/berth',
    npm_config_cache: '/home/operator/.npm',
    npm_config_user_agent: 'npm/11',
    npm_config_workspaces: 'true',
    npm_lifecycle_event: 'start',
    npm_package_name: 'berth',
    YARN_NPM_AUTH_TOKEN: 'token',
    UNSET: undefined,
  });
  expect(Object.keys(selected).sort()).toEqual([
    'LC_ALL',
    'NODE_EXTRA_CA_CERTS',
    'NO_PROXY',
    'NPM_CONFIG_STRICT_SSL',
    'PATH',
    'YARN_NPM_AUTH_TOKEN',
    'YARN_NPM_REGISTRY_SERVER',
    'https_proxy',
    'npm_config_//acme.example/:_authToken',
    'npm_config_@acme:registry',
    'npm_config_registry',
    'npm_config_userconfig',
  ]);
  expect(selected['PATH']).toBe('/usr/local/bin:/usr/bin');
});

test.each([
  [{ HOME: '/home/me' }, '/home/me/.npmrc'],
  [{ HOME: '/home/me', NPM_CONFIG_USERCONFIG: '/etc/npmrc' }, '/etc/npmrc'],
  [{}, undefined],
])("the operator's .npmrc of %j is %s", (operator, expected) => {
  expect(operatorNpmrc(operator)).toBe(expected);
});

test('a build has its own home, its own global folder and the shared cache, whatever is requested', () => {
  const environment = buildEnvironment(
    {
      operator: { PATH: '/usr/bin' },
      npmrc: '/home/me/.npmrc',
      registry: 'http://registry.example/',
      memoryHintMb: 2048,
      cacheDirectory: '/tools/cache',
    },
    { home: '/work/h', temporary: '/work/t', path: ['/tools/path'] },
    { APPLICATION_URL: 'http://ui.example', HOME: '/elsewhere', PATH: '/elsewhere' },
  );
  expect(environment).toMatchObject({
    APPLICATION_URL: 'http://ui.example',
    HOME: '/work/h',
    TMPDIR: '/work/t',
    PATH: '/tools/path:/work/h/global/bin:/usr/bin',
    NODE_OPTIONS: '--max-old-space-size=2048',
    NPM_CONFIG_USERCONFIG: '/home/me/.npmrc',
    npm_config_cache: '/tools/cache/npm',
    npm_config_prefix: '/work/h/global',
    npm_config_registry: 'http://registry.example/',
    npm_config_yes: 'true',
  });
  expect(environment).not.toHaveProperty('NODE_ENV');
  expect(environment).not.toHaveProperty('CI');
});
