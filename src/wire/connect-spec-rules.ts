/** What a rule needs to know of a document. Looser than the schema's own type, so that the two files stay apart. */
interface KeyLists {
  readonly standardConfiguration?: readonly Key[] | undefined;
  readonly securedConfiguration?: readonly Key[] | undefined;
}

interface Key {
  readonly key: string;
  readonly required?: boolean | undefined;
  readonly default?: string | undefined;
}

interface Application {
  readonly name: string;
  readonly applicationType: string;
  readonly configuration?: KeyLists | undefined;
}

interface Spec {
  readonly deployAs: readonly Application[];
  readonly inheritAs?:
    | {
        readonly configuration?: KeyLists | undefined;
        readonly apiClient?: object | undefined;
      }
    | undefined;
}

export function duplicateKeyMistakes(lists: KeyLists): readonly string[] {
  const repeated = repeatedIn(keysOf(lists).map(({ key }) => key));
  return repeated.length === 0 ? [] : [`Duplicate key found ${repeated.join(', ')}`];
}

export function missingMerchantCenterKeys(application: Application): readonly string[] {
  const demand = merchantCenterDemands.get(application.applicationType);
  if (demand === undefined) return [];
  const standard = application.configuration?.standardConfiguration ?? [];
  return demand.keys
    .filter((key) => standard.find((entry) => entry.key === key)?.required !== true)
    .map((key) => `${demand.who} must have ${key}`);
}

/** The rules that see the whole document. */
export function specMistakes(spec: Spec): readonly string[] {
  return [
    ...duplicateNames(spec),
    ...duplicateGlobalKeys(spec),
    ...apiClientKeys(spec),
    ...missingCloudIdentifiers(spec),
    ...forbiddenSecuredKeys(spec),
  ];
}

interface Demand {
  readonly who: string;
  readonly kind: string;
  readonly keys: readonly string[];
}

const customApplication: Demand = {
  who: 'Mc app',
  kind: 'merchant center custom application',
  keys: ['CUSTOM_APPLICATION_ID', 'ENTRY_POINT_URI_PATH'],
};

const merchantCenterDemands: ReadonlyMap<string, Demand> = new Map([
  ['merchant-center-custom-application', customApplication],
  ['mc-app', customApplication],
  [
    'merchant-center-custom-view',
    {
      who: 'Merchant center custom view',
      kind: 'merchant center custom view',
      keys: ['CUSTOM_VIEW_ID'],
    },
  ],
]);

function duplicateNames(spec: Spec): readonly string[] {
  const names = spec.deployAs.map(({ name }) => name);
  const repeated = repeatedOf(new Set(names), names);
  return repeated.length === 0 ? [] : [`Duplicate application name found: ${repeated.join(',')}`];
}

function duplicateGlobalKeys(spec: Spec): readonly string[] {
  const global = keysOf(spec.inheritAs?.configuration).map(({ key }) => key);
  const own = spec.deployAs.flatMap(({ configuration }) =>
    keysOf(configuration).map(({ key }) => key),
  );
  const repeated = repeatedOf(new Set(global), [...global, ...own]);
  return repeated.length === 0 ? [] : [`Duplicate global key found ${repeated.join(', ')}`];
}

/** `CTP_REGION` is none of them: connectors declare it beside `apiClient`, and their value counts. */
const apiClientVariables: ReadonlySet<string> = new Set([
  'CTP_API_URL',
  'CTP_AUTH_URL',
  'CTP_PROJECT_KEY',
  'CTP_CLIENT_ID',
  'CTP_CLIENT_SECRET',
  'CTP_SCOPE',
  'CTP_CLIENT_SCOPE',
  'CTP_CLIENT_REGION',
]);

/** What an API client of its own brings must not be declared too (contract §4.1). The official validator leaves it to the deploy. */
function apiClientKeys({ deployAs, inheritAs }: Spec): readonly string[] {
  if (inheritAs?.apiClient === undefined) return [];
  const lists = [inheritAs.configuration, ...deployAs.map(({ configuration }) => configuration)];
  const declared = new Set(lists.flatMap(keysOf).map(({ key }) => key));
  const clashing = [...declared].filter((key) => apiClientVariables.has(key));
  return clashing.length === 0
    ? []
    : [`Keys that inheritAs.apiClient provides must not be declared: ${clashing.join(', ')}`];
}

function missingCloudIdentifiers(spec: Spec): readonly string[] {
  const global = keysOf(spec.inheritAs?.configuration);
  if (global.some(({ key, required }) => key === 'CLOUD_IDENTIFIER' && required === true))
    return [];
  return spec.deployAs
    .filter(({ applicationType }) => merchantCenterDemands.has(applicationType))
    .filter(({ configuration }) => !configuration?.standardConfiguration?.some(hasCloudIdentifier))
    .map(({ name }) => `Application ${name} is missing CLOUD_IDENTIFIER configuration.`);
}

function hasCloudIdentifier(entry: Key): boolean {
  return (
    entry.key === 'CLOUD_IDENTIFIER' &&
    (entry.required === true || (entry.default !== undefined && entry.default !== ''))
  );
}

function forbiddenSecuredKeys(spec: Spec): readonly string[] {
  return spec.deployAs.flatMap(({ applicationType, configuration }) => {
    const kind = merchantCenterDemands.get(applicationType)?.kind;
    if (kind === undefined || (configuration?.securedConfiguration ?? []).length === 0) return [];
    return [`Secured configuration is not allowed in ${kind}.`];
  });
}

function keysOf(lists: KeyLists | undefined): readonly Key[] {
  return [...(lists?.standardConfiguration ?? []), ...(lists?.securedConfiguration ?? [])];
}

/** Those of the candidates that occur more than once. */
function repeatedOf(candidates: Iterable<string>, values: readonly string[]): readonly string[] {
  const repeated = new Set(repeatedIn(values));
  return [...candidates].filter((candidate) => repeated.has(candidate));
}

/** Each value that occurs more than once, where it does so first: the order Connect names them in. */
function repeatedIn(values: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const value of values) (seen.has(value) ? repeated : seen).add(value);
  return [...repeated];
}
