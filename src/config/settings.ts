/** Every setting: its variable, its default and one line for the documentation. The only list of them. */
export const settings = {
  dataDirectory: {
    variable: 'BERTH_DATA_DIR',
    default: './.berth',
    doc: 'Where Berth keeps everything it writes.',
  },
  host: { variable: 'BERTH_HOST', default: '127.0.0.1', doc: 'Address to listen on.' },
  port: { variable: 'BERTH_PORT', default: '4000', doc: 'API and OAuth. 0 takes a free one.' },
  gatewayPort: {
    variable: 'BERTH_GATEWAY_PORT',
    default: '4080',
    doc: 'Applications by host name. 0 takes a free one.',
  },
  databaseUrl: {
    variable: 'BERTH_DATABASE_URL',
    default: '',
    doc: 'Unset: SQLite in the data directory.',
  },
  logLevel: {
    variable: 'BERTH_LOG_LEVEL',
    default: 'info',
    doc: 'trace, debug, info, warn, error or silent.',
  },
  bootstrapProjectKey: {
    variable: 'BERTH_BOOTSTRAP_PROJECT_KEY',
    default: '',
    doc: 'Project to make at start.',
  },
  bootstrapClientId: {
    variable: 'BERTH_BOOTSTRAP_CLIENT_ID',
    default: '',
    doc: 'API client with every scope of that project.',
  },
  bootstrapClientSecret: {
    variable: 'BERTH_BOOTSTRAP_CLIENT_SECRET',
    default: '',
    doc: 'Its secret.',
  },
  appsDomain: {
    variable: 'BERTH_APPS_DOMAIN',
    default: '',
    doc: 'Domain of the applications. Unset: each has a loopback port of its own.',
  },
  appsScheme: {
    variable: 'BERTH_APPS_SCHEME',
    default: 'https',
    doc: 'http or https, as callers see it.',
  },
  appsPorts: {
    variable: 'BERTH_APPS_PORTS',
    default: '42000-42999',
    doc: 'Range of the applications’ own ports.',
  },
  allowLocalRepositories: {
    variable: 'BERTH_ALLOW_LOCAL_REPOSITORIES',
    default: '',
    doc: 'true: take file:// and paths as repositories. Unset: only while listening on loopback.',
  },
  openPublishing: {
    variable: 'BERTH_OPEN_PUBLISHING',
    default: '',
    doc: 'true: events are taken without a token. Unset: only while listening on loopback.',
  },
  platformApiUrl: {
    variable: 'BERTH_PLATFORM_API_URL',
    default: '',
    doc: 'commercetools API to use instead of the real hosts.',
  },
  platformAuthUrl: {
    variable: 'BERTH_PLATFORM_AUTH_URL',
    default: '',
    doc: 'Its OAuth server. Unset: the same URL.',
  },
  platformClientId: {
    variable: 'BERTH_PLATFORM_CLIENT_ID',
    default: '',
    doc: 'Client that may make API clients there.',
  },
  platformClientSecret: {
    variable: 'BERTH_PLATFORM_CLIENT_SECRET',
    default: '',
    doc: 'Its secret.',
  },
  toolDirectory: {
    variable: 'BERTH_TOOLS_DIR',
    default: '',
    doc: 'Cache of Node versions, package managers and packages. Unset: in the data directory.',
  },
  workers: {
    variable: 'BERTH_WORKERS',
    default: '2',
    doc: 'Operations that run at the same time.',
  },
  buildTimeoutSeconds: {
    variable: 'BERTH_BUILD_TIMEOUT_SECONDS',
    default: '900',
    doc: 'Bound of one install or build command.',
  },
  startupTimeoutSeconds: {
    variable: 'BERTH_STARTUP_TIMEOUT_SECONDS',
    default: '240',
    doc: 'How long an application may take to listen.',
  },
  scriptTimeoutSeconds: {
    variable: 'BERTH_SCRIPT_TIMEOUT_SECONDS',
    default: '600',
    doc: 'Bound of one postDeploy or preUndeploy script.',
  },
  drainSeconds: {
    variable: 'BERTH_DRAIN_SECONDS',
    default: '30',
    doc: 'How long requests to a replaced release may still take.',
  },
} as const satisfies Record<string, { variable: string; default: string; doc: string }>;

export type SettingName = keyof typeof settings;
export type RawSettings = { readonly [N in SettingName]: string };
