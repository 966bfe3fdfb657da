/** Valid bodies of every endpoint that reads one, and ways to spoil them. */
export const bodyNames = [
  'connectorDraft',
  'connectorUpdate',
  'deploymentDraft',
  'deploymentUpdate',
  'rollback',
  'apiClient',
] as const;
export type BodyName = (typeof bodyNames)[number];

/** Of a connector whose required key NEVER_SENT keeps each draft here from being deployed. */
interface Staged {
  readonly id: string;
  readonly version: number;
}

export const unknownId = '5f3759df-5f37-49df-9f37-5f3759df5f37';

/** Where they go. Save for API clients, even a valid body is refused in the end. */
export function endpoints(staged: Staged): Readonly<Record<BodyName, string>> {
  return {
    connectorDraft: '/connectors/drafts',
    connectorUpdate: `/connectors/drafts/${staged.id}`,
    deploymentDraft: '/test-project/deployments',
    deploymentUpdate: `/test-project/deployments/${unknownId}`,
    rollback: `/test-project/deployments/${unknownId}/rollback`,
    apiClient: '/test-project/api-clients',
  };
}

export function validBodies(staged: Staged) {
  const configuration = { key: 'GREETING', value: 'hello' };
  const globalConfiguration = {
    standardConfiguration: [configuration],
    securedConfiguration: [configuration],
  };
  const retryPolicy = {
    strategy: 'exponential-backoff',
    minBackoffSeconds: 1,
    maxBackoffSeconds: 2,
  };
  const configurations = [
    { applicationName: 'shop', ...globalConfiguration, schedule: '@daily', retryPolicy },
  ];
  return {
    deploymentDraft: {
      key: 'some-key',
      type: 'preview',
      connector: { id: staged.id, staged: true, version: staged.version },
      configurations,
      globalConfiguration,
      region: 'europe-west1.gcp',
    },
    deploymentUpdate: {
      version: 1,
      actions: [
        {
          action: 'redeploy',
          skipScripts: false,
          updateConnector: false,
          configurationValues: configurations,
          globalConfiguration,
        },
      ],
    },
    rollback: { version: 1, revision: 1, skipScripts: false },
    connectorDraft: {
      name: 'A connector',
      description: 'It connects',
      integrationTypes: ['tax'],
      creator: { email: 'somebody@example.com', name: 'Somebody', noOfContributors: 1 },
      repository: { url: 'file:///nowhere/connector.git', tag: 'v1' },
      supportedRegions: ['europe-west1.gcp'],
      privateProjects: ['europe-west1.gcp:test-project'],
      documentationUrl: 'https://example.com',
    },
    connectorUpdate: {
      version: 99,
      actions: [
        { action: 'setName', name: 'A connector' },
        { action: 'setDescription', description: 'It connects' },
        { action: 'setDocumentationUrl', documentationUrl: 'https://example.com' },
        { action: 'setIntegrationTypes', integrationTypes: ['tax'] },
        { action: 'setSupportedRegions', regions: ['europe-west1.gcp'] },
        { action: 'setRepository', url: 'https://example.com/a.git', tag: 'v1' },
        { action: 'setCreatorName', creatorName: 'Somebody' },
        { action: 'setCreatorTitle', creatorTitle: 'Dr' },
        { action: 'setCreatorEmail', creatorEmail: 'somebody@example.com' },
        { action: 'setCreatorCompany', creatorCompany: 'Somewhere' },
        { action: 'setCreatorNoOfContributors', creatorNoOfContributors: 1 },
        { action: 'setCreatorSupportUrl', creatorSupportUrl: 'https://example.com/support' },
        { action: 'setCreatorLogo', logoUrl: 'https://example.com/logo.svg' },
        { action: 'addPrivateProject', privateProject: 'europe-west1.gcp:test-project' },
        { action: 'removePrivateProject', privateProject: 'europe-west1.gcp:test-project' },
        { action: 'addCertificationComment', comment: 'Please look at it' },
        { action: 'unlist' },
        { action: 'publish', certification: false },
      ],
    },
    apiClient: { name: 'A client', scope: 'manage_project:test-project' },
  };
}

export const strangeValues: readonly unknown[] = [
  undefined,
  null,
  true,
  -1,
  1.5,
  2 ** 53,
  '',
  '\0',
  '\x1b[2J\r\n',
  '\ud800',
  '__proto__',
  '../../etc/passwd',
  '-rf',
  [],
  [null],
  {},
  JSON.parse('{"__proto__":{"key":"x"},"constructor":1}'),
];

/** A megabyte each, of what makes a careless pattern try every way to read it. */
export const longTexts: readonly string[] = [
  `${' '.repeat(1_000_000)}x`,
  `a@${'.'.repeat(1_000_000)} `,
  `${'1,1'.repeat(330_000)}x`,
  `europe-west1.gcp:${'a:'.repeat(490_000)}!`,
];

type Point = readonly (string | number)[];

/** The path of each value in it, whole lists and objects included. */
export function pointsOf(value: unknown, at: Point = []): readonly Point[] {
  const inside = isObject(value)
    ? Object.entries(value).flatMap(([key, item]) => pointsOf(item, [...at, key]))
    : [];
  return at.length === 0 ? inside : [at, ...inside];
}

/** The path of each text in it. */
export function textsOf(value: unknown): readonly Point[] {
  return pointsOf(value).filter((point) => typeof valueAt(value, point) === 'string');
}

/** A copy with another value at one point. */
export function replaced(value: unknown, [key, ...rest]: Point, by: unknown): unknown {
  if (key === undefined) return by;
  if (Array.isArray(value)) return value.with(Number(key), replaced(value[Number(key)], rest, by));
  return { ...(value as object), [key]: replaced(valueAt(value, [key]), rest, by) };
}

function valueAt(value: unknown, [key, ...rest]: Point): unknown {
  if (key === undefined) return value;
  return valueAt(isObject(value) ? value[key] : undefined, rest);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
