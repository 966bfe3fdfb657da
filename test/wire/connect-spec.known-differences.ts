import { stringify } from 'yaml';

export interface KnownDifference {
  readonly reason: string;
  readonly text: string;
  readonly theirs: RegExp;
  readonly ours: RegExp;
}

/** Where Berth reads `connect.yaml` otherwise than Connect's validator, and why. */
export const knownDifferences: readonly KnownDifference[] = [
  ...[
    'garbage 1 2 3 4 5 xyz',
    '0 0 * * * whenever',
    '99 99 99 99 99',
    '0 0 * * 8',
    '5-1 * * * *',
    '*/0 * * * *',
    '12345',
    '1 1 1 1 1 1 1 1',
  ].map((schedule) => ({
    reason: `the schedule "${schedule}" is no cron line that could be run`,
    text: jobWith(schedule),
    theirs: /^accepted$/,
    ours: /^\[deployAs\.0\.properties\.schedule\]: The schedule '.*' is not a cron line: /,
  })),
  ...['0 0 31 2 *', '0 0 30 2 *', '0 0 31 4,6,9,11 *', '0 0 0 1 1 * 1900'].map((schedule) => ({
    reason: `the schedule "${schedule}" would never come true`,
    text: jobWith(schedule),
    theirs: /^accepted$/,
    ours: /names a date that does not exist$/,
  })),
  ...[
    'x@daily',
    '@daily x',
    '@every 5m5',
    '@every 0s',
    'run @every 5m',
    '@every 5m '.repeat(30),
  ].map((schedule) => ({
    reason: `the schedule "${schedule.slice(0, 20)}" only contains a named one`,
    text: jobWith(schedule),
    theirs: /^accepted$/,
    ours: /Please provide a valid cron schedule/,
  })),
  {
    reason: 'an endpoint ends after 256 characters, as the official pattern means to say',
    text: serviceWith({ endpoint: `/${'a'.repeat(256)}` }),
    theirs: /^accepted$/,
    ours: /^\[deployAs\.0\.endpoint\]: Invalid$/,
  },
  {
    reason: 'a number without end is reported once',
    text: 'deployAs: [{name: ab, applicationType: service, endpoint: /, healthCheck: {path: /, timeoutSeconds: .inf}}]',
    theirs: /: Expected integer, received float\n.*: Number must be less than or equal to 20$/,
    ours: /^\[deployAs\.0\.healthCheck\.timeoutSeconds\]: Expected integer, received float$/,
  },
  {
    reason: 'names that every JavaScript object has are counted like any other',
    text: stringify({
      deployAs: [
        { name: 'constructor', applicationType: 'assets' },
        { name: 'constructor', applicationType: 'assets' },
      ],
    }),
    theirs: /^accepted$/,
    ours: /^\[file content\]: Duplicate application name found: constructor$/,
  },
  ...[
    'CTP_API_URL',
    'CTP_AUTH_URL',
    'CTP_PROJECT_KEY',
    'CTP_CLIENT_ID',
    'CTP_CLIENT_SECRET',
    'CTP_SCOPE',
    'CTP_CLIENT_SCOPE',
    'CTP_CLIENT_REGION',
  ].map((key) => ({
    reason: `${key} comes from the API client; hosted Connect notices when it deploys`,
    text: withApiClient(key),
    theirs: /^accepted$/,
    ours: new RegExp(
      `^\\[file content\\]: Keys that inheritAs.apiClient provides must not be declared: ${key}$`,
    ),
  })),
  {
    reason: 'a NUL character would end a value that is handed to a process',
    text: serviceWith({ scripts: { postDeploy: 'echo \0' } }),
    theirs: /^accepted$/,
    ours: /^\[deployAs\.0\.scripts\.postDeploy\]: Must not hold a NUL character$/,
  },
  {
    reason: 'a file with NUL characters is not text',
    text: 'deployAs: [] # \0',
    theirs: /^accepted$/,
    ours: /^\[file content\]: The file is not text/,
  },
  {
    reason: 'tags that make something else than plain data are named as such',
    text: 'deployAs: [{name: !!timestamp 2024-01-01, applicationType: assets}]',
    theirs: /^\[deployAs\.0\.name\]: Expected string, received date$/,
    ours: /^\[deployAs\.0\.name\]: Must be plain YAML/,
  },
  {
    reason: 'a document that holds itself has no end',
    text: '&a\ndeployAs: []\nmore: *a\n',
    theirs: /^\[file content\]: Unrecognized key/,
    ours: /^\[file content\]: Nested too deeply$/,
  },
  {
    reason: 'what nests deeper than 50 levels is not read further',
    text: `deployAs: []\nmore: ${'['.repeat(60)}${']'.repeat(60)}`,
    theirs: /^\[file content\]: Unrecognized key/,
    ours: /^\[file content\]: Nested too deeply$/,
  },
  {
    reason: 'more than 20,000 YAML tokens would keep the parser busy for seconds',
    text: `deployAs: []\n${'#\n'.repeat(20_000)}`,
    theirs: /^accepted$/,
    ours: /^\[file content\]: The file holds more than 20000 YAML tokens$/,
  },
  {
    reason: 'a file of more than 1 MiB is not parsed',
    text: `deployAs: []\n#${'x'.repeat(1024 * 1024)}`,
    theirs: /^accepted$/,
    ours: /^\[file content\]: The file is larger than 1 MiB$/,
  },
  {
    reason: 'every mistake in the YAML itself is named, not the first alone',
    text: 'deployAs:\n\t- name: ab\n\t  applicationType: assets\n',
    theirs: /^\[file content\]: Tabs are not allowed as indentation at line 2[^[]*$/,
    ours: /^\[file content\]: Tabs are [^[]*at line 2[^[]*\n\[file content\]: Tabs are [^[]*at line 3/,
  },
  {
    reason: 'a second document is refused in words for who writes YAML, not JavaScript',
    text: 'deployAs: []\n---\ndeployAs: []\n',
    theirs: /please use YAML\.parseAllDocuments\(\)/,
    ours: /^\[file content\]: The file holds several YAML documents, divided by "---"; only one can be read$/,
  },
  {
    reason: 'a merge key that was not followed is named beside what is missing then',
    text: 'deployAs:\n  - &a {name: ab, applicationType: assets}\n  - {<<: *a, name: cd}\n',
    theirs: /^\[deployAs\.1\.applicationType\]: Invalid discriminator value.*$/,
    ours: /^\[deployAs\.1\.applicationType\]: Invalid discriminator value.*\n\[file content\]: Merge keys \(<<\) are not part of YAML 1\.2$/,
  },
  {
    reason: 'a tag that nobody resolves is named where its value does not fit',
    text: 'deployAs: !list "shop"\n',
    theirs: /^\[deployAs\]: Expected array, received string$/,
    ours: /^\[deployAs\]: Expected array, received string\n\[file content\]: Unresolved tag: !list/,
  },
  {
    reason: 'a file of other bytes than UTF-8 is named as such where something else is wrong, too',
    text: 'deployAs: [{name: sh\ufffdp, applicationType: assets}]\n',
    theirs: /^\[deployAs\.0\.name\]: Invalid$/,
    ours: /^\[deployAs\.0\.name\]: Invalid\n\[file content\]: The file is not UTF-8 text$/,
  },
  {
    reason: 'after a hundred mistakes the rest is counted',
    text: `deployAs: [${'{},'.repeat(150)}]`,
    theirs: /^(\[deployAs\.\d+\.applicationType\]: .*\n){149}\[deployAs\.149/,
    ours: /^(\[deployAs\.\d+\.applicationType\]: .*\n){100}\[file content\]: … and 50 more mistakes$/,
  },
];

function jobWith(schedule: string): string {
  return stringify({
    deployAs: [{ name: 'ab', applicationType: 'job', endpoint: '/', properties: { schedule } }],
  });
}

function withApiClient(key: string): string {
  const securedConfiguration = [{ key, description: 'x' }];
  return stringify({
    deployAs: [
      {
        name: 'ab',
        applicationType: 'service',
        endpoint: '/',
        configuration: { securedConfiguration },
      },
    ],
    inheritAs: { apiClient: { scopes: ['manage_orders'] } },
  });
}

function serviceWith(more: Readonly<Record<string, unknown>>): string {
  return stringify({
    deployAs: [{ name: 'ab', applicationType: 'service', endpoint: '/', ...more }],
  });
}
