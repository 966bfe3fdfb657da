import { stringify } from 'yaml';

type Fields = Readonly<Record<string, unknown>>;

/** Every rule of `connect.yaml`, kept and broken: a short name for each document and its text. */
export function corpus(): readonly (readonly [name: string, text: string])[] {
  return [
    ...group(
      'name',
      values('name', [
        'ab',
        'a',
        'A-b_9',
        'x'.repeat(256),
        'x'.repeat(257),
        'a b',
        'ä1',
        '',
        'a/b',
        '..',
        12,
        null,
        true,
        [],
        {},
      ]),
      service,
    ),
    ...group(
      'endpoint',
      values('endpoint', [
        '/',
        'a',
        '/a/b',
        '//',
        '/a//b',
        'a//!',
        '',
        ' ',
        '/a b',
        '/ä',
        '/a?b=1',
        '/a.b',
        '/-_/',
        7,
        null,
        ['/'],
      ]),
      service,
    ),
    ...group(
      'type',
      values('applicationType', [
        'event',
        'assets',
        'mc-app',
        'unknown',
        'Service',
        'worker',
        '',
        1,
        null,
        ['service'],
      ]),
      service,
    ),
    ...group(
      'missing',
      ['name', 'endpoint', 'applicationType'].map((key) => [key, { [key]: undefined }]),
      service,
    ),
    ...group(
      'scripts',
      values('scripts', [
        {},
        { postDeploy: 'npm ci' },
        { preUndeploy: 'x' },
        { postDeploy: '' },
        { postDeploy: '  ' },
        { preUndeploy: '\t' },
        { postDeploy: 1, preUndeploy: null },
        { deploy: 'x' },
        null,
        [],
        'npm ci',
      ]),
      service,
    ),
    ...group(
      'configuration',
      values('configuration', [
        {},
        null,
        [],
        'x',
        { standardConfiguration: [] },
        { standardConfiguration: null },
        { standardConfiguration: {} },
        { other: [] },
        { standardConfiguration: [null, 1, 'a', []] },
      ]),
      service,
    ),
    ...group(
      'standard key',
      keys().map(([label, entry]) => [
        label,
        { configuration: { standardConfiguration: [entry] } },
      ]),
      service,
    ),
    ...group(
      'secured key',
      keys().map(([label, entry]) => [label, { configuration: { securedConfiguration: [entry] } }]),
      service,
    ),
    ...group(
      'duplicate key',
      [
        ['in one list', { configuration: { standardConfiguration: [key('AB'), key('AB')] } }],
        [
          'across lists',
          {
            configuration: {
              standardConfiguration: [key('AB')],
              securedConfiguration: [key('AB')],
            },
          },
        ],
        [
          'two of them',
          {
            configuration: {
              securedConfiguration: [key('AB'), key('CD'), key('CD'), key('AB'), key('AB')],
            },
          },
        ],
        ['in another case', { configuration: { standardConfiguration: [key('AB'), key('ab')] } }],
        [
          'beside a broken key',
          { configuration: { standardConfiguration: [key('AB'), key('AB'), key('!')] } },
        ],
        [
          'beside an unknown property',
          { configuration: { standardConfiguration: [key('AB'), { ...key('AB'), x: 1 }] } },
        ],
        [
          'beside a key of a wrong type',
          { configuration: { standardConfiguration: [key('AB'), key('AB'), { key: 1 }] } },
        ],
      ],
      service,
    ),
    ...group(
      'health check',
      values('healthCheck', [
        { path: '/x' },
        { path: 'x', intervalSeconds: 1, timeoutSeconds: 20, unhealthyThreshold: 3 },
        {},
        { path: '' },
        { path: '//' },
        { path: '/', intervalSeconds: 0 },
        { path: '/', timeoutSeconds: 21 },
        { path: '/', unhealthyThreshold: 1.5 },
        { path: '/', unhealthyThreshold: 0.5 },
        { path: '/', intervalSeconds: '5' },
        { path: '/', intervalSeconds: Number.NaN },
        { path: '/', interval: 5 },
        null,
        '/x',
      ]),
      service,
    ),
    ...group('health check of a job', values('healthCheck', [{ path: '/x' }]), job),
    ...group('health check of an event', values('healthCheck', [{ path: '/x' }]), event),
    ...group(
      'retry policy',
      values('retryPolicy', [
        { strategy: 'immediate' },
        { strategy: 'immediate', maxAttempts: 5 },
        { strategy: 'never' },
        {},
        null,
        'immediate',
        backoff(1, 600),
        backoff(600, 600, { maxAttempts: 100 }),
        backoff(1, 1, { maxAttempts: 5 }),
        backoff(0, 601),
        backoff(20, 10),
        backoff(20, 10, { maxAttempts: 4 }),
        backoff(20, 10, { x: 1 }),
        backoff(20, 10, { maxAttempts: 'x' }),
        backoff(1, 2, { maxAttempts: 101 }),
        backoff(1.5, 2),
        { strategy: 'exponential-backoff' },
      ]),
      event,
    ),
    ...group(
      'retry policy of a service',
      values('retryPolicy', [{ strategy: 'immediate' }]),
      service,
    ),
    ...group(
      'properties',
      values('properties', [
        undefined,
        null,
        {},
        [],
        { schedule: null },
        { schedule: 5 },
        { schedule: '@daily', timezone: 'UTC' },
      ]),
      job,
    ),
    ...group(
      'schedule',
      schedules.map((schedule) => [JSON.stringify(schedule), { properties: { schedule } }]),
      job,
    ),
    ...group('properties of a service', values('properties', [{ schedule: '@daily' }]), service),
    ...group(
      'assets',
      [
        ['alone', {}],
        ['with an endpoint', { endpoint: '/' }],
        ['with scripts', { scripts: { postDeploy: 'x' } }],
        ['with configuration', { configuration: {} }],
        ['with a broken name', { name: '!' }],
      ],
      assets,
    ),
    ...['merchant-center-custom-application', 'mc-app', 'merchant-center-custom-view'].flatMap(
      (type) =>
        group(type, merchantCenterVariations, () => ({ name: 'front', applicationType: type })),
    ),
    ...documents([
      ['no applications', {}],
      ['an empty list of applications', { deployAs: [] }],
      ['applications as a map', { deployAs: { a: 1 } }],
      ['applications as null', { deployAs: null }],
      ['odd applications', { deployAs: [null, [], 1, 'x', {}, [service()]] }],
      ['an unknown property', { deployAs: [], version: 1 }],
      ['several unknown properties', { a: 1, deployAs: [], "b'c": 2 }],
      ['two of a name', { deployAs: [service(), service()] }],
      [
        'three of a name and two of another',
        { deployAs: [service(), assets(), service(), assets(), service()] },
      ],
      [
        'two of a name, one with an unknown property',
        { deployAs: [service(), { ...service(), x: 1 }] },
      ],
      [
        'two of a name, one broken beyond reading',
        { deployAs: [service(), { ...service(), endpoint: 1 }] },
      ],
      [
        'everything',
        {
          deployAs: [service(), event(), job(), assets()],
          inheritAs: { apiClient: { scopes: ['manage_orders'] } },
        },
      ],
      [
        'two applications with one key',
        { deployAs: [withKeys('aa', ['AB']), withKeys('bb', ['AB'])] },
      ],
      ['nothing inherited', { deployAs: [], inheritAs: {} }],
      ['null inherited', { deployAs: [], inheritAs: null }],
      ['an unknown inheritance', { deployAs: [], inheritAs: { scripts: {} } }],
      ['all keys inherited', { deployAs: [service()], inheritAs: globals(['AB', 'CD']) }],
      [
        'an inherited key again',
        { deployAs: [withKeys('aa', ['AB', 'XY'])], inheritAs: globals(['AB', 'CD']) },
      ],
      [
        'an inherited key again in two',
        {
          deployAs: [withKeys('aa', ['AB', 'CD']), withKeys('bb', ['AB'])],
          inheritAs: globals(['CD', 'AB']),
        },
      ],
      ['an inherited key twice', { deployAs: [], inheritAs: globals(['AB', 'AB']) }],
      ['an inherited reserved key', { deployAs: [], inheritAs: globals(['k_Service']) }],
      ...[[], [''], ['a', 'b'], 'a', null, [1], [' ']].map(
        (scopes): Named => [
          `scopes ${JSON.stringify(scopes)}`,
          { deployAs: [], inheritAs: { apiClient: { scopes } } },
        ],
      ),
      ['an api client without scopes', { deployAs: [], inheritAs: { apiClient: {} } }],
      [
        'an api client with a name',
        { deployAs: [], inheritAs: { apiClient: { scopes: ['a'], name: 'x' } } },
      ],
      [
        'an inherited cloud identifier',
        {
          deployAs: [mcApp()],
          inheritAs: { configuration: { standardConfiguration: [required('CLOUD_IDENTIFIER')] } },
        },
      ],
      [
        'an inherited secured cloud identifier',
        {
          deployAs: [mcApp()],
          inheritAs: { configuration: { securedConfiguration: [required('CLOUD_IDENTIFIER')] } },
        },
      ],
      [
        'an inherited optional cloud identifier',
        {
          deployAs: [mcApp()],
          inheritAs: {
            configuration: {
              standardConfiguration: [{ ...key('CLOUD_IDENTIFIER'), default: 'x' }],
            },
          },
        },
      ],
      [
        'two front ends and no cloud identifier',
        { deployAs: [mcApp(), { ...mcApp(), name: 'other' }, service()] },
      ],
    ]),
    ...oddYaml,
  ];
}

type Named = readonly [string, Fields];

function group(name: string, variations: readonly Named[], base: () => Fields) {
  return variations.map(
    ([label, change]) =>
      [
        `${name}: ${label}`,
        stringify({ deployAs: [{ ...base(), ...change }] }, { aliasDuplicateObjects: false }),
      ] as const,
  );
}

function documents(list: readonly Named[]) {
  return list.map(
    ([name, document]) => [name, stringify(document, { aliasDuplicateObjects: false })] as const,
  );
}

function values(field: string, list: readonly unknown[]): readonly Named[] {
  return list.map((value) => [shorten(JSON.stringify(value)), { [field]: value }]);
}

function shorten(text: string | undefined): string {
  return String(text).slice(0, 60);
}

function service(): Fields {
  return { name: 'service', applicationType: 'service', endpoint: '/service' };
}

function event(): Fields {
  return { name: 'event', applicationType: 'event', endpoint: '/event' };
}

function job(): Fields {
  return {
    name: 'job',
    applicationType: 'job',
    endpoint: '/job',
    properties: { schedule: '@daily' },
  };
}

function assets(): Fields {
  return { name: 'assets', applicationType: 'assets' };
}

function mcApp(): Fields {
  return {
    name: 'front',
    applicationType: 'mc-app',
    configuration: {
      standardConfiguration: [required('CUSTOM_APPLICATION_ID'), required('ENTRY_POINT_URI_PATH')],
    },
  };
}

function key(name: unknown): Fields {
  return { key: name, description: 'What it is for' };
}

function required(name: string): Fields {
  return { ...key(name), required: true };
}

function keys(): readonly Named[] {
  return [
    ...[
      'AB',
      'a',
      '',
      ' ',
      'a-b',
      'PORT',
      'port',
      'K_service',
      'K_REVISION',
      'k_configuration',
      'PORTS',
      'x'.repeat(257),
      1,
      null,
    ].map((name): Named => [shorten(JSON.stringify(name)), key(name)]),
    ['required', { ...key('AB'), required: true }],
    ['required in words', { ...key('AB'), required: 'yes' }],
    ['required null', { ...key('AB'), required: null }],
    ['default', { ...key('AB'), default: 'x' }],
    ['default as a number', { ...key('AB'), default: 0 }],
    ['default as a boolean', { ...key('AB'), default: true }],
    ['default empty', { ...key('AB'), default: '' }],
    ['default blank', { ...key('AB'), default: ' ' }],
    ['default null', { ...key('AB'), default: null }],
    ['no description', { key: 'AB' }],
    ['description empty', { key: 'AB', description: '' }],
    ['description blank', { key: 'AB', description: ' \t' }],
    ['no key', { description: 'x' }],
    ['an unknown property', { ...key('AB'), secret: true }],
  ];
}

function withKeys(name: string, names: readonly string[]): Fields {
  return { ...service(), name, configuration: { securedConfiguration: names.map(key) } };
}

function globals(names: readonly string[]): Fields {
  return { configuration: { standardConfiguration: names.map(key) } };
}

function backoff(min: number, max: number, more: Fields = {}): Fields {
  return {
    strategy: 'exponential-backoff',
    minBackoffSeconds: min,
    maxBackoffSeconds: max,
    ...more,
  };
}

/** Read alike by Connect and by Berth. Where the two differ: `knownDifferences`. */
const schedules: readonly string[] = [
  '* * * * *',
  '*/1 * * * *',
  '*/40 * * * *',
  '0 * * * 7',
  '0 0 * * 1-5',
  '0,30 8,20 1,15 * *',
  '5/15 * * * *',
  '1-30/5 * * * *',
  '10 10 * * MON',
  '0 0 29 2 *',
  ' 0 0 * * * ',
  '0 0 0 * * *',
  '0 0 0 1 1 * 2030',
  '@daily',
  '@annually',
  '@yearly',
  '@monthly',
  '@weekly',
  '@hourly',
  '@reboot',
  '@every 5m',
  '@every 1h30m',
  '@every 500ms',
  '@every 5',
  '@every m',
  '@every  5m',
  '@midnight',
  '@Daily',
  '',
  ' ',
  'daily',
  '* * * *',
  '0 0 * * MON',
  '0  0 * * *',
  '0 9-17/2 * * *',
];

const merchantCenterVariations: readonly Named[] = [
  ['without configuration', {}],
  ['with an endpoint', { ...mcApp(), applicationType: undefined, endpoint: '/' }],
  ['with scripts', { scripts: { postDeploy: 'x' } }],
  ...[
    ['CUSTOM_APPLICATION_ID', 'ENTRY_POINT_URI_PATH', 'CLOUD_IDENTIFIER'],
    ['CUSTOM_APPLICATION_ID', 'ENTRY_POINT_URI_PATH'],
    ['CUSTOM_APPLICATION_ID', 'CLOUD_IDENTIFIER'],
    ['CUSTOM_VIEW_ID', 'CLOUD_IDENTIFIER'],
    ['CUSTOM_VIEW_ID'],
    ['CLOUD_IDENTIFIER'],
  ].map(
    (names): Named => [
      names.join(' and '),
      { configuration: { standardConfiguration: names.map(required) } },
    ],
  ),
  ['with optional keys', { configuration: everyKey({}) }],
  ['with keys that are not required', { configuration: everyKey({ required: false }) }],
  ['with defaults instead', { configuration: everyKey({ default: 'x' }) }],
  [
    'with the same key twice, first optional',
    {
      configuration: {
        standardConfiguration: [key('CUSTOM_VIEW_ID'), required('CUSTOM_VIEW_ID')],
      },
    },
  ],
  [
    'with secured keys',
    { configuration: { ...everyKey({ required: true }), securedConfiguration: [key('TOKEN')] } },
  ],
  [
    'with its keys secured',
    {
      configuration: {
        securedConfiguration: ['CUSTOM_APPLICATION_ID', 'ENTRY_POINT_URI_PATH'].map(required),
      },
    },
  ],
];

function everyKey(more: Fields): Fields {
  const names = [
    'CUSTOM_APPLICATION_ID',
    'ENTRY_POINT_URI_PATH',
    'CUSTOM_VIEW_ID',
    'CLOUD_IDENTIFIER',
  ];
  return { standardConfiguration: names.map((name) => ({ ...key(name), ...more })) };
}

const plain = stringify({ deployAs: [service()] });

const oddYaml: readonly (readonly [string, string])[] = [
  ['empty', ''],
  ['blank', ' \n\n'],
  ['comments only', '# deployAs: []\n#\n'],
  ['comments first', `${'# - name: old\n'.repeat(30)}${plain}`],
  ['no newline at the end', plain.trimEnd()],
  ['Windows line ends', plain.replaceAll('\n', '\r\n')],
  ['a byte order mark', `\uFEFF${plain}`],
  ['a document mark', `---\n${plain}...\n`],
  ['a version', `%YAML 1.2\n---\n${plain}`],
  ['an old version', `%YAML 1.1\n---\n${plain}`],
  ['flow style', '{deployAs: [{name: ab, applicationType: assets}]}'],
  ['JSON', '{"deployAs": [{"name": "ab", "applicationType": "assets"}]}'],
  ['a text', 'deployAs'],
  ['a list', '- deployAs'],
  ['a number', '5'],
  ['a key twice', `${plain}deployAs: []\n`],
  ['a key twice inside', 'deployAs:\n  - name: ab\n    name: cd\n    applicationType: assets\n'],
  ['wrong indentation', 'deployAs:\n  - name: ab\n   applicationType: assets\n'],
  ['an open bracket', 'deployAs: ['],
  ['an open quote', 'deployAs: "'],
  ['a stray colon', 'deployAs: a: b'],
  ['an alias', 'deployAs:\n  - &a {name: ab, applicationType: assets}\n  - *a\n'],
  [
    'shared configuration',
    'deployAs:\n  - {name: ab, applicationType: service, endpoint: /, scripts: &s {postDeploy: x}}\n  - {name: cd, applicationType: service, endpoint: /, scripts: *s}\n',
  ],
  ['an alias of nothing', 'deployAs: *nothing'],
  [
    'a merge key in an old version',
    '%YAML 1.1\n---\ndeployAs:\n  - &a {name: ab, applicationType: assets}\n  - {<<: *a, name: cd}\n',
  ],
  [
    'too many aliases',
    `deployAs:\n  - &a {name: ab, applicationType: assets}\n${'  - *a\n'.repeat(101)}`,
  ],
  [
    'aliases of aliases',
    'a: &a [x, x, x]\nb: &b [*a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c]\ne: [*d, *d, *d]\n',
  ],
  ['a prototype key', `${plain}__proto__: {}\n`],
  ['a number as a key', `${plain}1: x\n`],
  ['null as a key', `${plain}? \n: x\n`],
  [
    'a folded script',
    plain.replace(
      '/service\n',
      '/service\n    scripts:\n      postDeploy: >-\n        npm ci &&\n        npm start\n',
    ),
  ],
  ['an octal name', 'deployAs: [{name: 0o17, applicationType: assets}]'],
  ['yes for true', 'deployAs: [{name: yes, applicationType: assets}]'],
  ['true as a name', 'deployAs: [{name: true, applicationType: assets}]'],
  ['a date as a name', 'deployAs: [{name: 2024-01-01, applicationType: assets}]'],
];
