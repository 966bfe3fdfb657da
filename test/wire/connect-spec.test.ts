import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { ConnectorSpec } from '../../src/core/connector-spec.ts';
import { parseConnectSpec } from '../../src/wire/connect-spec.ts';
import type { Mistake } from '../../src/wire/mistake.ts';

describe('a valid connect.yaml', () => {
  test('becomes plain data with every default written out', () => {
    const spec = specOf(`
deployAs:
  - name: shop-hooks
    applicationType: service
    endpoint: hooks
    scripts: { postDeploy: npm run post, preUndeploy: npm run pre }
    configuration:
      standardConfiguration: [{ key: REGION, description: Where, default: eu }]
      securedConfiguration: [{ key: TOKEN, description: What, required: true }]
    healthCheck: { path: status }
  - name: orders
    applicationType: event
    endpoint: /orders
    healthCheck: { path: /up, intervalSeconds: 1, timeoutSeconds: 2, unhealthyThreshold: 20 }
    retryPolicy: { strategy: exponential-backoff, minBackoffSeconds: 1, maxBackoffSeconds: 9, maxAttempts: 5 }
inheritAs:
  configuration:
    standardConfiguration: [{ key: LEVEL, description: How loud, required: false }]
  apiClient: { scopes: [manage_orders, view_products] }
`);
    expect(spec).toEqual({
      applications: [
        {
          name: 'shop-hooks',
          type: 'service',
          endpoint: '/hooks',
          scripts: { postDeploy: 'npm run post', preUndeploy: 'npm run pre' },
          configuration: {
            standard: [{ key: 'REGION', description: 'Where', required: false, default: 'eu' }],
            secured: [{ key: 'TOKEN', description: 'What', required: true }],
          },
          healthCheck: {
            path: '/status',
            intervalSeconds: 10,
            timeoutSeconds: 5,
            unhealthyThreshold: 3,
          },
        },
        {
          name: 'orders',
          type: 'event',
          endpoint: '/orders',
          scripts: {},
          configuration: { standard: [], secured: [] },
          healthCheck: {
            path: '/up',
            intervalSeconds: 1,
            timeoutSeconds: 2,
            unhealthyThreshold: 20,
          },
          retryPolicy: {
            strategy: 'exponential-backoff',
            minBackoffSeconds: 1,
            maxBackoffSeconds: 9,
            maxAttempts: 5,
          },
        },
      ],
      globalConfiguration: {
        standard: [{ key: 'LEVEL', description: 'How loud', required: false }],
        secured: [],
      },
      apiClientScopes: ['manage_orders', 'view_products'],
    });
  });

  test('says nothing of what it leaves out', () => {
    const spec = specOf('deployAs: [{ name: enabler, applicationType: assets }]');
    expect(spec).toStrictEqual({
      applications: [
        {
          name: 'enabler',
          type: 'assets',
          scripts: {},
          configuration: { standard: [], secured: [] },
        },
      ],
      globalConfiguration: { standard: [], secured: [] },
    });
  });

  test('keeps the schedule of a job, without blanks around it', () => {
    const [application] = specOf(jobWith("' 0 * * * 7 '")).applications;
    expect(application).toMatchObject({ type: 'job', schedule: '0 * * * 7', endpoint: '/job' });
  });

  test('keeps quoted numbers and booleans as the texts they are', () => {
    const spec = specOf(`
deployAs: []
inheritAs:
  configuration:
    standardConfiguration:
      - { key: COUNT, description: x, default: "0" }
      - { key: ACTIVE, description: x, default: 'true' }
`);
    expect(spec.globalConfiguration.standard.map((entry) => entry.default)).toEqual(['0', 'true']);
  });

  test('may use the old name of Merchant Center applications', () => {
    const spec = specOf(merchantCenterApplication('mc-app'));
    expect(spec.applications[0]?.type).toBe('merchant-center-custom-application');
  });

  test('deploys nothing for the type unknown', () => {
    const spec = specOf('deployAs: [{ name: later, applicationType: unknown, endpoint: / }]');
    expect(spec.applications).toEqual([]);
  });

  test('is what the example connector has', async () => {
    const file = new URL('../../examples/hello-connector/connect.yaml', import.meta.url);
    expect(specOf(await readFile(file, 'utf8')).applications).toHaveLength(4);
  });
});

test('an old connector is refused for what nobody knows any more', () => {
  expect(mistakesOf(`${merchantCenterApplication('mc-app')}    endpoint: /\n`)).toEqual([
    { path: 'deployAs.0', message: "Unrecognized key(s) in object: 'endpoint'" },
  ]);
});

describe('a hostile document is answered soon', () => {
  const megabyte = 1024 * 1024;
  const repeat = (text: string) => text.repeat(Math.floor((megabyte - 100) / text.length));
  const numbered = (line: (index: number) => string) =>
    Array.from({ length: 60_000 }, (_, index) => line(index)).join('');

  test.each([
    ['brackets', repeat('[')],
    ['closing brackets', repeat('}')],
    ['dashes', repeat('- ')],
    ['maps in maps', repeat('{a: ')],
    ['questions', repeat('? ')],
    ['quotes', repeat('"a" ')],
    ['lines', repeat('\n')],
    ['blanks', repeat(' ')],
    ['colons', repeat(': ')],
    ['many keys', numbered((index) => `key${index}: 1\n`)],
    ['many anchors', numbered((index) => `- &a${index} x\n- *a${index}\n`)],
    ['a long text', `deployAs: "${repeat('a\\x41')}"`],
    ['a long endpoint', endpointOf(repeat('a/'), '!')],
    ['an endpoint that is slow to match', endpointOf('a'.repeat(40), '!')],
    ['a long schedule', jobWith(`"${repeat('1,')}"`)],
    ['a schedule that is slow to match', jobWith(`"${'1,'.repeat(120)}"`)],
    ['a long name', `deployAs: [{name: "${repeat('a')}", applicationType: assets}]`],
    [
      'a list of aliases',
      `a: &a [${'x, '.repeat(3000)}]\n${'- *a\n'.repeat(90)}deployAs: [${'*a, '.repeat(90)}]`,
    ],
    [
      'anchors in anchors',
      Array.from(
        { length: 30 },
        (_, index) => `a${index + 1}: &a${index + 1} [*a${index}, *a${index}]\n`,
      )
        .join('')
        .replace('a1:', 'a0: &a0 [x]\na1:'),
    ],
  ])('%s', (_name, text) => {
    const started = performance.now();
    const mistakes = mistakesOf(text);
    expect(performance.now() - started).toBeLessThan(15_000);
    expect(mistakes.length).toBeGreaterThan(0);
    expect(JSON.stringify(mistakes).length).toBeLessThan(250_000);
  });
});

function specOf(text: string): ConnectorSpec {
  const parsed = parseConnectSpec(text);
  if ('mistakes' in parsed) throw new Error(JSON.stringify(parsed.mistakes));
  return parsed.spec;
}

function mistakesOf(text: string): readonly Mistake[] {
  const parsed = parseConnectSpec(text);
  return 'mistakes' in parsed ? parsed.mistakes : [];
}

function jobWith(schedule: string): string {
  return `deployAs: [{name: job, applicationType: job, endpoint: job, properties: {schedule: ${schedule}}}]`;
}

function endpointOf(...parts: readonly string[]): string {
  return `deployAs: [{name: ab, applicationType: service, endpoint: "${parts.join('')}"}]`;
}

function merchantCenterApplication(type: string): string {
  return `
deployAs:
  - name: front
    applicationType: ${type}
    configuration:
      standardConfiguration:
        - { key: CUSTOM_APPLICATION_ID, description: x, required: true }
        - { key: ENTRY_POINT_URI_PATH, description: x, required: true }
        - { key: CLOUD_IDENTIFIER, description: x, default: gcp-eu }
`;
}

test('keys that an API client brings are refused wherever they are declared, but not the region', () => {
  const declare = (key: string) => `{ standardConfiguration: [{ key: ${key}, description: x }] }`;
  const text = (own: string, global: string) => `
deployAs:
  - { name: web, applicationType: service, endpoint: /, configuration: ${declare(own)} }
inheritAs: { apiClient: { scopes: [manage_orders] }, configuration: ${declare(global)} }
`;
  expect(mistakesOf(text('CTP_PROJECT_KEY', 'CTP_CLIENT_ID'))).toEqual([
    {
      path: 'file content',
      message:
        'Keys that inheritAs.apiClient provides must not be declared: CTP_CLIENT_ID, CTP_PROJECT_KEY',
    },
  ]);
  expect(specOf(text('CTP_REGION', 'OTHER')).apiClientScopes).toEqual(['manage_orders']);
});
