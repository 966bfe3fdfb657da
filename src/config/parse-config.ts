import { resolve } from 'node:path';
import { type BridgeConfig, parseBridge } from './parse-bridge.ts';
import { type OtlpConfig, parseOtlp } from './parse-otlp.ts';
import {
  type PortRange,
  parseHostPorts,
  parseNetworks,
  parsePorts,
  parseRepositoryHosts,
} from './parse-reach.ts';
import { type RawSettings, type SettingName, settings } from './settings.ts';

export interface Config {
  readonly dataDirectory: string;
  /** Shared by any number of Berths; absent: in the data directory. */
  readonly toolDirectory?: string;
  readonly host: string;
  readonly port: number;
  readonly gatewayPort: number;
  /** Of PostgreSQL, with its password. Absent: SQLite. */
  readonly databaseUrl?: string;
  readonly masterKey: MasterKeyConfig;
  readonly logLevel: string;
  readonly bootstrap?: BootstrapClient;
  readonly apps: AppsConfig;
  readonly allowLocalRepositories: boolean;
  readonly allowPrivateRepositories: boolean;
  /** `host`, `*.domain`, each with a port or without. Absent: every host. */
  readonly repositoryHosts?: readonly string[];
  readonly artifactBounds: { readonly maxBytes: number; readonly maxFiles: number };
  readonly openPublishing: boolean;
  /** Of the gRPC form of publishing. Absent: it is off. */
  readonly pubsubPort?: number;
  readonly bridge?: BridgeConfig;
  readonly platform?: PlatformConfig;
  readonly suppliedApiClient?: SuppliedApiClientConfig;
  readonly workers: number;
  readonly builds: number;
  readonly buildTimeoutMs: number;
  readonly audit: 'warn' | 'fail' | 'off';
  readonly startupTimeoutMs: number;
  readonly scriptTimeoutMs: number;
  readonly drainMs: number;
  /** undefined: applications never sleep. */
  readonly idleMs: number | undefined;
  readonly keepRevisions: number;
  readonly sandbox: 'auto' | 'required' | 'off';
  readonly network: 'auto' | 'private' | 'shared';
  /** Of this machine, that connectors reach from networks of their own. */
  readonly hostPorts: readonly PortRange[];
  /** As `10.0.0.0/8`: out of reach from there. */
  readonly refusedNetworks: readonly string[];
  readonly limits: LimitsConfig;
  /** Bytes; absent: by the size of the disk (`src/core/disk-room.ts`). */
  readonly disk: DiskConfig;
  readonly logRetentionMs: number;
  readonly auditLog: { readonly days: number; readonly entries: number };
  readonly secretMask: 'fixed' | 'same-length';
  readonly tokenLifetimeSeconds: number;
  readonly rateLimits: { readonly requestsPerClient: number; readonly failedLogins: number };
  readonly introspection?: IntrospectionConfig;
  readonly otlp?: OtlpConfig;
}

/** What builds and connectors may use of the machine. */
export interface LimitsConfig {
  readonly application: { readonly memoryMb: number; readonly cpus: number };
  readonly job: { readonly memoryMb: number; readonly cpus: number };
  readonly build: { readonly memoryMb: number; readonly cpus: number; readonly diskMb: number };
  readonly processes: number;
  readonly scratchMb: number;
}

/** Base64, where they come from the environment. */
export interface MasterKeyConfig {
  readonly key?: string;
  readonly previous?: string;
  /** Absolute. Absent: in the data directory. */
  readonly file?: string;
}

/** The endpoint, and who asks it. */
export interface IntrospectionConfig {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

export interface BootstrapClient {
  readonly projectKey: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** What connectors of one project get instead of an API client that Berth makes. */
export interface SuppliedApiClientConfig {
  readonly projectKey: string;
  readonly id: string;
  readonly secret: string;
}

export interface AppsConfig {
  readonly domain?: string;
  readonly scheme: 'http' | 'https';
  readonly ports: PortRange;
}

export interface PlatformConfig {
  readonly apiUrl: string;
  readonly authUrl: string;
  readonly client?: { readonly id: string; readonly secret: string };
}

export interface DiskConfig {
  readonly floorBytes?: number;
  readonly artifacts?: number;
  readonly sources?: number;
  readonly caches?: number;
  readonly logs?: number;
  readonly events?: number;
}

/** A pebibyte. */
const maxMib = 1024 ** 3;

export class ConfigMistakes extends Error {
  readonly mistakes: readonly string[];
  constructor(mistakes: readonly string[]) {
    super(
      `The configuration is not valid:\n${mistakes.map((mistake) => `  - ${mistake}`).join('\n')}`,
    );
    this.name = 'ConfigMistakes';
    this.mistakes = mistakes;
  }
}

/** @throws ConfigMistakes with every mistake, each naming its variable */
export function parseConfig(raw: RawSettings): Config {
  const mistakes: string[] = [];
  const fail = (name: SettingName, text: string): void => {
    mistakes.push(`${settings[name].variable} ${text}, not "${raw[name]}"`);
  };
  const number = (name: SettingName, min: number, max: number): number => {
    const value = Number(raw[name]);
    if (!/^\d+$/.test(raw[name]) || value < min || value > max)
      fail(name, `must be a whole number from ${min} to ${max}`);
    return value;
  };
  const cpus = (name: SettingName): number => {
    const value = Number(raw[name]);
    if (!/^\d+(\.\d+)?$/.test(raw[name]) || value < 0.1 || value > 256)
      fail(name, 'must be a number from 0.1 to 256');
    return value;
  };
  const memory = (name: SettingName): number => number(name, 64, 1_048_576);
  const flag = (name: SettingName, fallback: boolean): boolean => {
    if (!['', 'true', 'false'].includes(raw[name])) fail(name, 'must be true or false');
    return raw[name] === '' ? fallback : raw[name] === 'true';
  };
  const oneOf = <const T extends string>(name: SettingName, values: readonly T[]): T => {
    const value = values.find((one) => one === raw[name]);
    if (value === undefined) fail(name, `must be one of ${values.join(', ')}`);
    return value ?? (values[0] as T);
  };
  const seconds = (name: SettingName): number => number(name, 1, 86_400) * 1000;

  const mib = <const K extends string>(key: K, name: SettingName, min: number) =>
    (raw[name] === '' ? {} : { [key]: number(name, min, maxMib) * 1024 ** 2 }) as {
      readonly [P in K]?: number;
    };

  const onLoopback = isLoopback(raw.host);
  const config: Config = {
    dataDirectory: resolve(raw.dataDirectory),
    ...(raw.toolDirectory === '' ? {} : { toolDirectory: resolve(raw.toolDirectory) }),
    host: raw.host,
    port: number('port', 0, 65_535),
    gatewayPort: number('gatewayPort', 0, 65_535),
    ...parseDatabaseUrl(raw, mistakes),
    masterKey: parseMasterKey(raw, mistakes),
    logLevel: oneOf('logLevel', ['info', 'trace', 'debug', 'warn', 'error', 'silent']),
    ...parseBootstrap(raw, mistakes),
    apps: {
      ...(raw.appsDomain === '' ? {} : { domain: raw.appsDomain }),
      scheme: oneOf('appsScheme', ['https', 'http']),
      ports: parsePorts(raw.appsPorts, () =>
        fail('appsPorts', 'must be a range such as 42000-42999'),
      ),
    },
    allowLocalRepositories: flag('allowLocalRepositories', onLoopback),
    allowPrivateRepositories: flag('privateRepositories', onLoopback),
    ...parseRepositoryHosts(raw.repositoryHosts, (text) => fail('repositoryHosts', text)),
    artifactBounds: {
      maxBytes: number('artifactMaxMb', 1, maxMib) * 1024 ** 2,
      maxFiles: number('artifactMaxFiles', 1, 10_000_000),
    },
    openPublishing: flag('openPublishing', onLoopback),
    ...(raw.pubsubPort === '' ? {} : { pubsubPort: number('pubsubPort', 0, 65_535) }),
    ...parseBridge(raw, mistakes),
    ...parsePlatform(raw, mistakes),
    ...parseSupplied(raw, mistakes),
    workers: number('workers', 1, 64),
    builds: number('builds', 1, 64),
    buildTimeoutMs: seconds('buildTimeoutSeconds'),
    audit: oneOf('audit', ['warn', 'fail', 'off']),
    startupTimeoutMs: seconds('startupTimeoutSeconds'),
    scriptTimeoutMs: seconds('scriptTimeoutSeconds'),
    drainMs: seconds('drainSeconds'),
    idleMs: number('idleSeconds', 0, 30 * 86_400) * 1000 || undefined,
    secretMask: oneOf('secretMask', ['fixed', 'same-length']),
    keepRevisions: number('keepRevisions', 1, 1000),
    sandbox: oneOf('sandbox', ['auto', 'required', 'off']),
    network: oneOf('network', ['auto', 'private', 'shared']),
    hostPorts: parseHostPorts(raw.allowHostPorts, (text) => fail('allowHostPorts', text)),
    refusedNetworks: parseNetworks(raw.refuseNetworks, (text) => fail('refuseNetworks', text)),
    limits: {
      application: { memoryMb: memory('applicationMemoryMb'), cpus: cpus('applicationCpus') },
      job: { memoryMb: memory('jobMemoryMb'), cpus: cpus('jobCpus') },
      build: {
        memoryMb: memory('buildMemoryMb'),
        cpus: cpus('buildCpus'),
        diskMb: memory('buildDiskMb'),
      },
      processes: number('maxProcesses', 32, 100_000),
      scratchMb: number('scratchMb', 1, 1_048_576),
    },
    disk: {
      ...mib('floorBytes', 'diskFloorMb', 0),
      ...mib('artifacts', 'artifactsMb', 0),
      ...mib('sources', 'sourcesMb', 0),
      ...mib('caches', 'cachesMb', 0),
      ...mib('logs', 'logsMb', 1),
      ...mib('events', 'eventsMb', 1),
    },
    logRetentionMs: number('logDays', 1, 3650) * 24 * 3600 * 1000,
    auditLog: {
      days: number('auditLogDays', 1, 3650),
      entries: number('auditLogEntries', 100, 10_000_000),
    },
    tokenLifetimeSeconds: number('tokenLifetimeSeconds', 60, 2_592_000),
    rateLimits: {
      requestsPerClient: number('requestsPerMinute', 0, 10_000_000),
      failedLogins: number('failedLoginsPerMinute', 0, 10_000_000),
    },
    ...parseIntrospection(raw, mistakes),
    ...parseOtlp(raw, mistakes),
  };
  if (mistakes.length > 0) throw new ConfigMistakes(mistakes);
  return config;
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** The mistake does not repeat it: a password stands in it. */
function parseDatabaseUrl(raw: RawSettings, mistakes: string[]): { databaseUrl?: string } {
  if (raw.databaseUrl === '') return {};
  const { protocol, pathname = '' } = URL.parse(raw.databaseUrl) ?? {};
  if ((protocol !== 'postgres:' && protocol !== 'postgresql:') || pathname.length < 2)
    mistakes.push('BERTH_DATABASE_URL must be like postgres://user:password@host:5432/database');
  return { databaseUrl: raw.databaseUrl };
}

/** Mistakes do not repeat it. */
function parseMasterKey(raw: RawSettings, mistakes: string[]): MasterKeyConfig {
  const { masterKey: key, masterKeyPrevious: previous, masterKeyFile: file } = raw;
  for (const [name, value] of [
    ['BERTH_MASTER_KEY', key],
    ['BERTH_MASTER_KEY_PREVIOUS', previous],
  ] as const) {
    if (value !== '' && !/^[A-Za-z0-9+/]{43}=$/.test(value))
      mistakes.push(
        `${name} must be the base64 of 32 bytes, as \`openssl rand -base64 32\` prints`,
      );
  }
  if (key !== '' && file !== '')
    mistakes.push('BERTH_MASTER_KEY and BERTH_MASTER_KEY_FILE must not be set both');
  return {
    ...(key === '' ? {} : { key }),
    ...(previous === '' ? {} : { previous }),
    ...(file === '' ? {} : { file: resolve(file) }),
  };
}

function parseBootstrap(raw: RawSettings, mistakes: string[]): { bootstrap?: BootstrapClient } {
  const {
    bootstrapProjectKey: projectKey,
    bootstrapClientId: clientId,
    bootstrapClientSecret: clientSecret,
  } = raw;
  const given = [projectKey, clientId, clientSecret].filter((value) => value !== '').length;
  if (given === 0) return {};
  if (given < 3) {
    mistakes.push(
      'BERTH_BOOTSTRAP_PROJECT_KEY, BERTH_BOOTSTRAP_CLIENT_ID and BERTH_BOOTSTRAP_CLIENT_SECRET must be set together',
    );
  }
  if (projectKey !== '' && !/^[a-zA-Z0-9-_]{2,36}$/.test(projectKey)) {
    mistakes.push(
      `BERTH_BOOTSTRAP_PROJECT_KEY must have 2 to 36 letters, digits, hyphens or underscores, not "${projectKey}"`,
    );
  }
  return { bootstrap: { projectKey, clientId, clientSecret } };
}

function parsePlatform(raw: RawSettings, mistakes: string[]): { platform?: PlatformConfig } {
  const {
    platformApiUrl,
    platformAuthUrl,
    platformClientId: id,
    platformClientSecret: secret,
  } = raw;
  if ((id === '') !== (secret === '')) {
    mistakes.push('BERTH_PLATFORM_CLIENT_ID and BERTH_PLATFORM_CLIENT_SECRET must be set together');
  }
  if (platformApiUrl === '') {
    if (platformAuthUrl !== '' || id !== '')
      mistakes.push('BERTH_PLATFORM_API_URL must be set with the other BERTH_PLATFORM_ variables');
    return {};
  }
  for (const [name, url] of [
    ['BERTH_PLATFORM_API_URL', platformApiUrl],
    ['BERTH_PLATFORM_AUTH_URL', platformAuthUrl],
  ] as const) {
    if (url !== '' && !isHttpUrl(url))
      mistakes.push(`${name} must be an http or https URL, not "${url}"`);
  }
  const trim = (url: string): string => url.replace(/\/+$/, '');
  return {
    platform: {
      apiUrl: trim(platformApiUrl),
      authUrl: trim(platformAuthUrl === '' ? platformApiUrl : platformAuthUrl),
      ...(id === '' ? {} : { client: { id, secret } }),
    },
  };
}

function parseSupplied(
  raw: RawSettings,
  mistakes: string[],
): { suppliedApiClient?: SuppliedApiClientConfig } {
  const {
    connectorProjectKey: projectKey,
    connectorClientId: id,
    connectorClientSecret: secret,
  } = raw;
  const given = [projectKey, id, secret].filter((value) => value !== '').length;
  if (given === 0) return {};
  if (given < 3) {
    mistakes.push(
      'BERTH_CONNECTOR_CLIENT_PROJECT_KEY, BERTH_CONNECTOR_CLIENT_ID and BERTH_CONNECTOR_CLIENT_SECRET must be set together',
    );
  }
  return { suppliedApiClient: { projectKey, id, secret } };
}

function parseIntrospection(
  raw: RawSettings,
  mistakes: string[],
): { introspection?: IntrospectionConfig } {
  const {
    introspectionUrl: url,
    introspectionClientId: clientId,
    introspectionClientSecret: clientSecret,
  } = raw;
  const given = [url, clientId, clientSecret].filter((value) => value !== '').length;
  if (given === 0) return {};
  if (given < 3) {
    mistakes.push(
      'BERTH_INTROSPECTION_URL, BERTH_INTROSPECTION_CLIENT_ID and BERTH_INTROSPECTION_CLIENT_SECRET must be set together',
    );
  }
  // It gets a secret and every token: nobody on the way may read along.
  const { protocol, hostname = '' } = URL.parse(url) ?? {};
  if (url !== '' && protocol !== 'https:' && !(protocol === 'http:' && isLoopback(hostname))) {
    mistakes.push(
      `BERTH_INTROSPECTION_URL must be an https URL, or http on loopback, not "${url}"`,
    );
  }
  return { introspection: { url, clientId, clientSecret } };
}

function isHttpUrl(text: string): boolean {
  return /^https?:$/.test(URL.parse(text)?.protocol ?? '');
}
