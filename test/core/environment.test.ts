import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ConfigurationKey } from '../../src/core/connector-spec.ts';
import { snapshotConnector } from '../../src/core/deployment.ts';
import {
  apiClientEnvironment,
  composeConfiguration,
  configuredEnvironment,
  mergeEnvironments,
  platformEnvironment,
  platformUrls,
  presumedEnvironment,
} from '../../src/core/environment.ts';
import type { ReleaseEnvironment } from '../../src/core/release.ts';
import {
  applicationDeployment,
  applicationSpec,
  connector,
  connectorSpec,
  deployment,
} from '../support/records.ts';

const apiClient = {
  id: 'client-id',
  scopes: ['manage_orders'],
  sealedSecret: 'sealed',
  scope: 'manage_orders:project',
  madeAt: 'platform',
} as const;

function key(name: string, more: Partial<ConfigurationKey> = {}): ConfigurationKey {
  return { key: name, description: name, required: false, ...more };
}

/** As a process would see it; a sealed value shows as what it was sealed to. */
function variablesOf(environment: ReleaseEnvironment): Record<string, string> {
  return Object.fromEntries([
    ...environment.plain.map(({ key, value }) => [key, value]),
    ...environment.sealed.map(({ key, sealed }) => [key, sealed]),
  ]);
}

/** Contract §5.5. */
describe('the configuration of an application', () => {
  test.for([
    {
      name: 'a given value',
      keys: [key('K', { default: 'd' })],
      values: { K: 'v' },
      variables: { K: 'v' },
    },
    {
      name: 'a default where none is given',
      keys: [key('K', { default: 'd' })],
      values: {},
      variables: { K: 'd' },
    },
    {
      name: 'an empty value that was given, not the default',
      keys: [key('K', { default: 'd' })],
      values: { K: '' },
      variables: { K: '' },
    },
    { name: 'nothing for an optional key without either', keys: [key('K')], values: {} },
    { name: 'nothing that is not declared', keys: [key('K')], values: { X: 'v' } },
  ])('has $name', ({ keys, values, variables = {} }) => {
    const standard = Object.entries(values).map(([key, value]) => ({ key, value }));
    const source = {
      keys: { standard: keys, secured: [] },
      configuration: { standard, secured: [] },
    };
    expect(variablesOf(composeConfiguration([source]))).toEqual(variables);
  });

  test('keeps secrets sealed', () => {
    const source = {
      keys: { standard: [], secured: [key('GIVEN'), key('NOT_GIVEN')] },
      configuration: {
        standard: [],
        secured: [{ key: 'GIVEN', sealed: 'sealed', empty: false }],
      },
    };
    expect(composeConfiguration([source])).toEqual({
      plain: [],
      sealed: [{ key: 'GIVEN', sealed: 'sealed', empty: false }],
    });
  });

  test('is its own, the global one and the API client', () => {
    const spec = connectorSpec({
      applications: [
        applicationSpec({ configuration: { standard: [key('OWN')], secured: [] } }),
        applicationSpec({
          name: 'other',
          configuration: { standard: [key('X', { default: 'x' })], secured: [] },
        }),
      ],
      globalConfiguration: { standard: [key('GLOBAL')], secured: [key('SECRET')] },
    });
    const record = deployment({
      connector: snapshotConnector(connector({ spec })),
      applications: [
        applicationDeployment({
          configuration: { standard: [{ key: 'OWN', value: 'own' }], secured: [] },
        }),
      ],
      globalConfiguration: {
        standard: [{ key: 'GLOBAL', value: 'global' }],
        secured: [{ key: 'SECRET', sealed: 'sealed-global', empty: false }],
      },
      apiClient,
    });
    const urls = { apiUrl: 'http://localhost:1', authUrl: 'http://localhost:2' };
    expect(variablesOf(configuredEnvironment(record, 'app', urls))).toEqual({
      OWN: 'own',
      GLOBAL: 'global',
      SECRET: 'sealed-global',
      CTP_API_URL: 'http://localhost:1',
      CTP_AUTH_URL: 'http://localhost:2',
      CTP_PROJECT_KEY: 'project',
      CTP_REGION: 'europe-west1.gcp',
      CTP_CLIENT_REGION: 'europe-west1.gcp',
      CTP_CLIENT_ID: 'client-id',
      CTP_CLIENT_SECRET: 'sealed',
      CTP_SCOPE: 'manage_orders:project',
      CTP_CLIENT_SCOPE: 'manage_orders:project',
    });
    const { apiClient: _, ...without } = record;
    expect(variablesOf(configuredEnvironment(without, 'app'))).toEqual({
      OWN: 'own',
      GLOBAL: 'global',
      SECRET: 'sealed-global',
    });
  });

  test('never contains an optional key that is not set, whatever the connector declares', () => {
    const names = fc.constantFrom('A', 'B', 'C', 'D');
    const keys = fc.uniqueArray(
      fc
        .record({ name: names, fallback: fc.option(fc.string(), { nil: undefined }) })
        .map(({ name, fallback }) =>
          key(name, fallback === undefined ? {} : { default: fallback }),
        ),
      { selector: ({ key }) => key },
    );
    const values = fc.uniqueArray(fc.record({ key: names, value: fc.string() }), {
      selector: ({ key }) => key,
    });
    fc.assert(
      fc.property(keys, values, (standard, given) => {
        const { plain } = composeConfiguration([
          { keys: { standard, secured: [] }, configuration: { standard: given, secured: [] } },
        ]);
        const set = standard.filter(
          (one) => one.default !== undefined || given.some(({ key }) => key === one.key),
        );
        expect(plain.map(({ key }) => key)).toEqual(set.map(({ key }) => key));
      }),
    );
  });
});

test('the platform sets what it reserves, and presumes what a connector may set', () => {
  const plain = platformEnvironment('event-abc', 7);
  expect(variablesOf({ plain, sealed: [] })).toEqual({
    PORT: '8080',
    K_SERVICE: 'event-abc',
    K_REVISION: 'event-abc-00007',
    K_CONFIGURATION: 'event-abc',
  });
  const configured = { plain: [{ key: 'NODE_ENV', value: 'staging' }], sealed: [] };
  expect(variablesOf(mergeEnvironments(presumedEnvironment, configured))).toEqual({
    NODE_ENV: 'staging',
  });
  expect(variablesOf(presumedEnvironment)).toEqual({ NODE_ENV: 'production' });
});

test('the hosts of a region are those of commercetools', () => {
  expect(platformUrls('us-east-2.aws')).toEqual({
    apiUrl: 'https://api.us-east-2.aws.commercetools.com',
    authUrl: 'https://auth.us-east-2.aws.commercetools.com',
  });
});

describe('environments that are merged', () => {
  const entry = fc.record({ key: fc.constantFrom('A', 'B', 'C'), value: fc.string() });
  const environment = fc.record({
    plain: fc.uniqueArray(entry, { selector: ({ key }) => key }),
    sealed: fc.uniqueArray(
      entry.map(({ key, value }) => ({ key, sealed: `sealed ${value}`, empty: false })),
      { selector: ({ key }) => key },
    ),
  });
  /** A key is plain or sealed, not both, as a connector declares it. */
  const valid = environment.map(({ plain, sealed }) => ({
    plain,
    sealed: sealed.filter(({ key }) => !plain.some((one) => one.key === key)),
  }));

  test('have every key once, the later one’s', () => {
    fc.assert(
      fc.property(valid, valid, (one, other) => {
        const merged = mergeEnvironments(one, other);
        expect(variablesOf(merged)).toEqual({ ...variablesOf(one), ...variablesOf(other) });
        expect(merged.plain.length + merged.sealed.length).toBe(
          Object.keys(variablesOf(merged)).length,
        );
      }),
    );
  });

  test('stay the same when they are merged again, and with nothing', () => {
    fc.assert(
      fc.property(valid, (one) => {
        expect(mergeEnvironments(one, one)).toEqual(one);
        expect(mergeEnvironments(one, { plain: [], sealed: [] })).toEqual(one);
        expect(mergeEnvironments()).toEqual({ plain: [], sealed: [] });
      }),
    );
  });
});

test('an API client’s variables go by every name in use', () => {
  const context = {
    projectKey: 'p',
    region: 'eu-central-1.aws',
    urls: platformUrls('eu-central-1.aws'),
  };
  const { plain, sealed } = apiClientEnvironment(apiClient, context);
  expect(plain.map(({ key }) => key)).toEqual([
    'CTP_API_URL',
    'CTP_AUTH_URL',
    'CTP_PROJECT_KEY',
    'CTP_REGION',
    'CTP_CLIENT_REGION',
    'CTP_CLIENT_ID',
    'CTP_SCOPE',
    'CTP_CLIENT_SCOPE',
  ]);
  expect(sealed).toEqual([{ key: 'CTP_CLIENT_SECRET', sealed: 'sealed', empty: false }]);
});
