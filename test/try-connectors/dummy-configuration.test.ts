import { describe, expect, test } from 'vitest';
import { makeDummyConfiguration, type Overrides } from './dummy-configuration.ts';

const platformUrl = 'http://127.0.0.1:4711';

describe('dummy configuration', () => {
  test.each([
    ['a base value is sent though optional', { key: 'CTP_CLIENT_ID' }, 'abcdefghijklmnopqrstuvwx'],
    [
      'a base value wins over the default',
      { key: 'CTP_REGION', default: 'us-central1.gcp' },
      'europe-west1.gcp',
    ],
    ['another prefix means the same', { key: 'CT_PROJECT_KEY' }, 'acceptance-project'],
    ['the API is the mock', { key: 'CTP_API_URL', default: 'https://api.example' }, platformUrl],
    ['so are sessions', { key: 'CTP_SESSION_URL' }, platformUrl],
    ['so is the other family', { key: 'COMMERCETOOLS_AUTH_URL' }, platformUrl],
    ['key sets stay real', { key: 'CTP_JWKS_URL', default: 'https://jwks.example' }, undefined],
    [
      'a default is left to Berth',
      { key: 'GREETING', default: 'Hello', required: true },
      undefined,
    ],
    ['an optional key stays absent', { key: 'TAX_PROVIDER_API_TOKEN' }, undefined],
    ['a required URL', { key: 'SHOP_URL', required: true }, 'https://example.com'],
    ['a required email', { key: 'SENDER_EMAIL', required: true }, 'someone@example.com'],
    ['a cloud', { key: 'CLOUD_IDENTIFIER', required: true }, 'gcp-eu'],
    ['an entry point', { key: 'ENTRY_POINT_URI_PATH', required: true }, 'my-app'],
    ['anything else required', { key: 'mainProductType', required: true }, 'dummy-value'],
  ])('%s: %j', (_, key, value) => {
    expect(valuesOf({ key })).toEqual(value === undefined ? [] : [{ key: key.key, value }]);
  });

  test('values of one’s own win, those of one application first, and null removes a key', () => {
    const overrides = { CTP_SCOPE: 'a', 'my-app.CTP_SCOPE': 'b', CTP_REGION: null };
    expect(valuesOf({ key: { key: 'CTP_SCOPE' }, overrides })).toEqual([
      { key: 'CTP_SCOPE', value: 'b' },
    ]);
    expect(valuesOf({ key: { key: 'CTP_REGION' }, overrides })).toEqual([]);
  });

  test('lists every application, with empty lists too, and the global keys', () => {
    const connector = {
      configurations: [{ ...noKeys, applicationName: 'enabler', applicationType: 'assets' }],
      globalConfiguration: { securedConfiguration: [{ key: 'SHARED', required: true }] },
    };
    expect(makeDummyConfiguration(connector, { platformUrl, overrides: {} })).toEqual({
      configurations: [{ ...noKeys, applicationName: 'enabler' }],
      globalConfiguration: {
        standardConfiguration: [],
        securedConfiguration: [{ key: 'SHARED', value: 'dummy-value' }],
      },
    });
  });
});

const noKeys = { standardConfiguration: [], securedConfiguration: [] };

function valuesOf({
  key,
  overrides = {},
}: {
  key: { key: string; default?: string; required?: boolean };
  overrides?: Overrides;
}) {
  const application = { applicationName: 'my-app', applicationType: 'service', ...noKeys };
  const connector = { configurations: [{ ...application, standardConfiguration: [key] }] };
  const { configurations } = makeDummyConfiguration(connector, { platformUrl, overrides });
  return configurations[0]?.standardConfiguration;
}
