import type {
  ConfigurationKey,
  ConnectorApplication,
  ConnectorStaged,
  KeyLists,
} from './connect-client.ts';

/** Values of the person's own, by `KEY` or `application.KEY`; null: do not send the key. */
export type Overrides = Readonly<Record<string, string | null>>;

export interface DummyConfiguration {
  readonly configurations: readonly ({ readonly applicationName: string } & ValueLists)[];
  readonly globalConfiguration: ValueLists;
}

interface ValueLists {
  readonly standardConfiguration: readonly Value[];
  readonly securedConfiguration: readonly Value[];
}

interface Value {
  readonly key: string;
  readonly value: string;
}

/** Enough for a connector to start against a mock platform: all of its applications, no real account. */
export function makeDummyConfiguration(
  connector: Pick<ConnectorStaged, 'configurations' | 'globalConfiguration'>,
  options: { readonly platformUrl: string; readonly overrides: Overrides },
): DummyConfiguration {
  const valuesOf = (keys: Partial<KeyLists>, application: string | undefined): ValueLists => ({
    standardConfiguration: fill(keys.standardConfiguration, application, options),
    securedConfiguration: fill(keys.securedConfiguration, application, options),
  });
  return {
    configurations: connector.configurations.map((application: ConnectorApplication) => ({
      applicationName: application.applicationName,
      ...valuesOf(application, application.applicationName),
    })),
    globalConfiguration: valuesOf(connector.globalConfiguration ?? {}, undefined),
  };
}

function fill(
  keys: readonly ConfigurationKey[] = [],
  application: string | undefined,
  { platformUrl, overrides }: { readonly platformUrl: string; readonly overrides: Overrides },
): readonly Value[] {
  return keys.flatMap((key) => {
    const own = [`${application}.${key.key}`, key.key].find((name) =>
      Object.hasOwn(overrides, name),
    );
    const value = own === undefined ? dummyValue(key, platformUrl) : overrides[own];
    return value === undefined || value === null ? [] : [{ key: key.key, value }];
  });
}

/** Connectors check the lengths and the region. */
export const baseValues = {
  CTP_PROJECT_KEY: 'acceptance-project',
  CTP_CLIENT_ID: 'abcdefghijklmnopqrstuvwx',
  CTP_CLIENT_SECRET: 'abcdefghijklmnopqrstuvwxyz012345',
  CTP_SCOPE: 'manage_project:acceptance-project',
  CTP_REGION: 'europe-west1.gcp',
} as const;

/** URLs of the platform itself; where tokens are issued and signed is left at its default. */
const platformUrlKey = /^(CTP|CT|COMMERCETOOLS)_(?!JWKS)\w*URL$|^(API|AUTH)_URL$/i;

/** First match wins. */
const plausibleValues: readonly (readonly [RegExp, string])[] = [
  [/^CUSTOM_(APPLICATION|VIEW)_ID$/, 'cm0dummy000000000000dummy1'],
  [/^CLOUD_IDENTIFIER$/, 'gcp-eu'],
  [/^ENTRY_POINT_URI_PATH$/, 'my-app'],
  [/EMAIL/i, 'someone@example.com'],
  [/(URL|URI|ENDPOINT|DOMAIN)$/i, 'https://example.com'],
];

function dummyValue(key: ConfigurationKey, platformUrl: string): string | undefined {
  const base = Object.entries(baseValues).find(([name]) => isSameFamily(name, key.key));
  if (base !== undefined) return base[1];
  if (platformUrlKey.test(key.key)) return platformUrl;
  if (key.default !== undefined || key.required !== true) return undefined;
  return plausibleValues.find(([pattern]) => pattern.test(key.key))?.[1] ?? 'dummy-value';
}

/** `CTP_CLIENT_ID`, and the same thing under the other prefixes that connectors use. */
function isSameFamily(baseName: string, key: string): boolean {
  const rest = baseName.slice('CTP_'.length);
  return ['CTP', 'CT', 'COMMERCETOOLS'].some((prefix) => key === `${prefix}_${rest}`);
}
