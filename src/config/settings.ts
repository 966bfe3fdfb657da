/** Every setting: its variable, its default and one line for the documentation. The only list of them. */
export const settings = {
  dataDirectory: {
    variable: 'BERTH_DATA_DIR',
    default: './.berth',
    doc: 'Folder for everything Berth writes. Made at the first start.',
  },
  host: {
    variable: 'BERTH_HOST',
    default: '127.0.0.1',
    doc: 'Address that the API and the gateway listen on. The applications’ own ports are on 127.0.0.1 whatever it is.',
  },
  port: {
    variable: 'BERTH_PORT',
    default: '4000',
    doc: 'Port of the API and of OAuth. 0 takes a free one.',
  },
  gatewayPort: {
    variable: 'BERTH_GATEWAY_PORT',
    default: '4080',
    doc: 'Port at which applications answer by host name. 0 takes a free one.',
  },
  masterKey: {
    variable: 'BERTH_MASTER_KEY',
    default: '',
    doc: 'The key that the keys of all secrets are sealed with: base64 of 32 bytes. Unset: the key file. Other processes of the same user can read Berth’s environment, so prefer the file.',
  },
  masterKeyFile: {
    variable: 'BERTH_MASTER_KEY_FILE',
    default: '',
    doc: 'File with that key, mode 0600. Unset: keys/secrets.key in the data directory, made at the first start.',
  },
  masterKeyPrevious: {
    variable: 'BERTH_MASTER_KEY_PREVIOUS',
    default: '',
    doc: 'The key that is on its way out, until berth rotate-key has ended. Only where the new one comes from the environment or another file.',
  },
  databaseUrl: {
    variable: 'BERTH_DATABASE_URL',
    default: '',
    doc: 'postgres://user:password@host:5432/database: keeps the records in that PostgreSQL database. Everything else stays in the data directory. Unset: SQLite, in the data directory.',
  },
  logLevel: {
    variable: 'BERTH_LOG_LEVEL',
    default: 'info',
    doc: 'How much Berth says about itself on stderr: trace, debug, info, warn, error or silent.',
  },
  bootstrapProjectKey: {
    variable: 'BERTH_BOOTSTRAP_PROJECT_KEY',
    default: '',
    doc: 'Key of a project to make at start. Set all three BERTH_BOOTSTRAP_ variables or none. None: the first start makes project demo and keeps its API client in credentials.json.',
  },
  bootstrapClientId: {
    variable: 'BERTH_BOOTSTRAP_CLIENT_ID',
    default: '',
    doc: 'Id of an API client to make in that project, with every scope.',
  },
  bootstrapClientSecret: {
    variable: 'BERTH_BOOTSTRAP_CLIENT_SECRET',
    default: '',
    doc: 'Secret of that API client.',
  },
  appsDomain: {
    variable: 'BERTH_APPS_DOMAIN',
    default: '',
    doc: 'Domain below which applications get host names. Unset: each application with a URL gets a loopback port of its own.',
  },
  appsScheme: {
    variable: 'BERTH_APPS_SCHEME',
    default: 'https',
    doc: 'http or https: how callers reach that domain. It is written into URLs; Berth itself speaks http, so https needs a front.',
  },
  appsPorts: {
    variable: 'BERTH_APPS_PORTS',
    default: '42000-42999',
    doc: 'Range of the applications’ own loopback ports. Not used with a domain.',
  },
  allowLocalRepositories: {
    variable: 'BERTH_ALLOW_LOCAL_REPOSITORIES',
    default: '',
    doc: 'true: paths, file:// and http:// on loopback are taken as repositories too. Unset: only while BERTH_HOST is a loopback address.',
  },
  repositoryHosts: {
    variable: 'BERTH_REPOSITORY_HOSTS',
    default: '',
    doc: 'Hosts that repositories may lie on, separated by commas: github.com, *.example.com (any name below), git.example.com:8443 (this port only; without one every port). Unset: every host.',
  },
  privateRepositories: {
    variable: 'BERTH_ALLOW_PRIVATE_REPOSITORIES',
    default: '',
    doc: 'true: repositories may lie on hosts whose addresses are loopback, private or link-local. Unset: only while BERTH_HOST is a loopback address. A host named in BERTH_REPOSITORY_HOSTS without * is always allowed.',
  },
  artifactMaxMb: {
    variable: 'BERTH_ARTIFACT_MAX_MB',
    default: '4096',
    doc: 'MiB that a build may leave for one application, its packages included. A larger one fails.',
  },
  artifactMaxFiles: {
    variable: 'BERTH_ARTIFACT_MAX_FILES',
    default: '300000',
    doc: 'Files that a build may leave for one application, its packages included.',
  },
  openPublishing: {
    variable: 'BERTH_OPEN_PUBLISHING',
    default: '',
    doc: 'true: events are taken without a token. Unset: only while BERTH_HOST is a loopback address.',
  },
  pubsubPort: {
    variable: 'BERTH_PUBSUB_PORT',
    default: '',
    doc: 'Port that takes events over gRPC too, as clients of Google Pub/Sub publish them with PUBSUB_EMULATOR_HOST. 0 takes a free one. Unset: none.',
  },
  pubsubProjectId: {
    variable: 'BERTH_PUBSUB_PROJECT_ID',
    default: '',
    doc: 'Google Cloud project in which Berth makes a topic and a subscription for each event application, so that commercetools can send it events. The other BERTH_PUBSUB_ variables but the port need it. Unset: events come only from those who publish to Berth.',
  },
  pubsubCredentialsFile: {
    variable: 'BERTH_PUBSUB_CREDENTIALS_FILE',
    default: '',
    doc: 'Key file (JSON) of a service account with the role roles/pubsub.admin in that project. Unset: the service account of the Google machine that Berth runs on.',
  },
  pubsubEndpoint: {
    variable: 'BERTH_PUBSUB_ENDPOINT',
    default: '',
    doc: 'Another address of Google Pub/Sub: https:// for a regional one, http://host:port for Google’s emulator, which gets no credentials. Unset: https://pubsub.googleapis.com.',
  },
  pubsubPublisher: {
    variable: 'BERTH_PUBSUB_PUBLISHER',
    default: 'subscriptions@commercetools-platform.iam.gserviceaccount.com',
    doc: 'Service account that may publish to these topics: that of commercetools. none: Berth leaves their permissions alone. The emulator has none.',
  },
  platformApiUrl: {
    variable: 'BERTH_PLATFORM_API_URL',
    default: '',
    doc: 'commercetools API that connectors are sent to instead of the real hosts. The other BERTH_PLATFORM_ variables need it.',
  },
  platformAuthUrl: {
    variable: 'BERTH_PLATFORM_AUTH_URL',
    default: '',
    doc: 'OAuth server of that API. Unset: the same URL.',
  },
  platformClientId: {
    variable: 'BERTH_PLATFORM_CLIENT_ID',
    default: '',
    doc: 'API client with the scope manage_api_clients. Berth makes the API clients of connectors with it.',
  },
  platformClientSecret: {
    variable: 'BERTH_PLATFORM_CLIENT_SECRET',
    default: '',
    doc: 'Secret of that API client.',
  },
  connectorProjectKey: {
    variable: 'BERTH_CONNECTOR_CLIENT_PROJECT_KEY',
    default: '',
    doc: 'Project whose connectors with inheritAs.apiClient get the API client below instead of one that Berth makes. Set all three BERTH_CONNECTOR_CLIENT_ variables or none.',
  },
  connectorClientId: {
    variable: 'BERTH_CONNECTOR_CLIENT_ID',
    default: '',
    doc: 'Id of an API client of that commercetools project, with every scope its connectors ask for. Berth never deletes it.',
  },
  connectorClientSecret: {
    variable: 'BERTH_CONNECTOR_CLIENT_SECRET',
    default: '',
    doc: 'Secret of that API client.',
  },
  tokenLifetimeSeconds: {
    variable: 'BERTH_TOKEN_LIFETIME_SECONDS',
    default: '172800',
    doc: 'How long an access token is valid: 60 to 2592000. commercetools: two days.',
  },
  requestsPerMinute: {
    variable: 'BERTH_RATE_LIMIT_PER_MINUTE',
    default: '12000',
    doc: 'API requests that one API client may send in a minute. More are answered 429 with Retry-After. 0: no limit.',
  },
  failedLoginsPerMinute: {
    variable: 'BERTH_FAILED_LOGINS_PER_MINUTE',
    default: '60',
    doc: 'Wrong secrets that one address may send for one client id in a minute. 0: no limit.',
  },
  introspectionUrl: {
    variable: 'BERTH_INTROSPECTION_URL',
    default: '',
    doc: 'Introspection endpoint (RFC 7662) of another issuer, such as https://auth.europe-west1.gcp.commercetools.com/oauth/introspect. Its access tokens are accepted, too. Set all three BERTH_INTROSPECTION_ variables or none.',
  },
  introspectionClientId: {
    variable: 'BERTH_INTROSPECTION_CLIENT_ID',
    default: '',
    doc: 'Id of the API client that asks there.',
  },
  introspectionClientSecret: {
    variable: 'BERTH_INTROSPECTION_CLIENT_SECRET',
    default: '',
    doc: 'Secret of that API client.',
  },
  secretMask: {
    variable: 'BERTH_SECRET_MASK',
    default: 'fixed',
    doc: 'How the API shows secured values. fixed: always ********. same-length: as many asterisks as the value has characters, as hosted Connect, which tells its length.',
  },
  toolDirectory: {
    variable: 'BERTH_TOOLS_DIR',
    default: '',
    doc: 'Cache of Node versions, package managers and downloads, which several Berths may share. Unset: in the data directory.',
  },
  workers: {
    variable: 'BERTH_WORKERS',
    default: '2',
    doc: 'How many operations (previews, publishes, deploys, undeploys) run at the same time: 1 to 64.',
  },
  builds: {
    variable: 'BERTH_BUILDS',
    default: '2',
    doc: 'How many builds run at the same time, in all control planes together: 1 to 64. Others wait, and their reports say so.',
  },
  buildTimeoutSeconds: {
    variable: 'BERTH_BUILD_TIMEOUT_SECONDS',
    default: '900',
    doc: 'How long one install or build command may take.',
  },
  audit: {
    variable: 'BERTH_AUDIT',
    default: 'warn',
    doc: 'What a preview or publish does about dependencies with high or critical vulnerabilities that have a fix: warn, fail, or off, which asks no registry.',
  },
  startupTimeoutSeconds: {
    variable: 'BERTH_STARTUP_TIMEOUT_SECONDS',
    default: '240',
    doc: 'How long an application may take until it listens and passes its health check.',
  },
  scriptTimeoutSeconds: {
    variable: 'BERTH_SCRIPT_TIMEOUT_SECONDS',
    default: '600',
    doc: 'How long one postDeploy or preUndeploy script may take.',
  },
  sandbox: {
    variable: 'BERTH_SANDBOX',
    default: 'auto',
    doc: 'auto: builds, scripts and applications are separated from this machine and from each other by bubblewrap where it works (Linux). required: Berth does not start where it does not. off: they are not separated.',
  },
  network: {
    variable: 'BERTH_NETWORK',
    default: 'auto',
    doc: 'auto: each instance, script and build has a network of its own, from which it reaches no service of this machine, where bubblewrap and slirp4netns work (Linux). private: Berth does not start where they do not. shared: all use this machine’s.',
  },
  allowHostPorts: {
    variable: 'BERTH_ALLOW_HOST_PORTS',
    default: '',
    doc: 'TCP ports of this machine that connectors reach from networks of their own, separated by commas, such as 443,5432,7000-7010. The gateway’s ports, and those of a platform, registry or proxy on this machine, are allowed anyway.',
  },
  refuseNetworks: {
    variable: 'BERTH_REFUSE_NETWORKS',
    default: '',
    doc: 'IPv4 networks beside this machine that connectors do not reach from networks of their own, separated by commas, such as 10.0.0.0/8,192.168.0.0/16. Unset: none.',
  },
  applicationMemoryMb: {
    variable: 'BERTH_APPLICATION_MEMORY_MB',
    default: '512',
    doc: 'MiB of memory for each instance of an application, but for jobs: 64 to 1048576. Above it, it is ended and started again. commercetools: 512.',
  },
  applicationCpus: {
    variable: 'BERTH_APPLICATION_CPUS',
    default: '1',
    doc: 'Processors for each instance of an application, but for jobs: 0.1 to 256. Where this machine cannot limit them: no limit. commercetools: 1.',
  },
  jobMemoryMb: {
    variable: 'BERTH_JOB_MEMORY_MB',
    default: '4096',
    doc: 'MiB of memory for each instance of a job application. commercetools: 4096.',
  },
  jobCpus: {
    variable: 'BERTH_JOB_CPUS',
    default: '2',
    doc: 'Processors for each instance of a job application. commercetools: 2.',
  },
  buildMemoryMb: {
    variable: 'BERTH_BUILD_MEMORY_MB',
    default: '4096',
    doc: 'MiB of memory for each command of a build and each script.',
  },
  buildCpus: {
    variable: 'BERTH_BUILD_CPUS',
    default: '4',
    doc: 'Processors for each command of a build and each script. All of them wait for the API, the gateway and applications.',
  },
  buildDiskMb: {
    variable: 'BERTH_BUILD_DISK_MB',
    default: '10240',
    doc: 'MiB that the folders of a build or a script may hold: 64 to 1048576. Above it, it is ended.',
  },
  maxProcesses: {
    variable: 'BERTH_MAX_PROCESSES',
    default: '512',
    doc: 'Processes and threads of each instance and script: 32 to 100000. A build may have four times as many.',
  },
  scratchMb: {
    variable: 'BERTH_SCRATCH_MB',
    default: '512',
    doc: 'MiB that an instance or a script may write to each of /tmp, TMPDIR and HOME, where it is separated. They are in memory and count as its memory.',
  },
  keepRevisions: {
    variable: 'BERTH_KEEP_REVISIONS',
    default: '50',
    doc: 'How many revisions of each Deployment can be rolled back to: 1 to 1000. Older ones, and what only they need, are removed.',
  },
  diskFloorMb: {
    variable: 'BERTH_DISK_FLOOR_MB',
    default: '',
    doc: 'MiB that must be free on the disk before new work is taken; what runs goes on. 0: never refuse. Unset: 2 % of the disk, from 1 to 10 GiB, at most a tenth of a small one.',
  },
  artifactsMb: {
    variable: 'BERTH_ARTIFACTS_MB',
    default: '',
    doc: 'MiB that built applications and their packages may take. Above it the longest unused go; what runs or can be rolled back to stays. Unset: 20 GiB, at most a fifth of the disk.',
  },
  sourcesMb: {
    variable: 'BERTH_SOURCES_MB',
    default: '',
    doc: 'MiB that fetched repositories may take. The longest unused go, and are fetched again when needed. Unset: 5 GiB, at most a twentieth of the disk.',
  },
  cachesMb: {
    variable: 'BERTH_CACHES_MB',
    default: '',
    doc: 'MiB that the download caches of npm, Yarn and pnpm may take, where BERTH_TOOLS_DIR is unset. A cache above it is emptied. Unset: 10 GiB, at most a tenth of the disk.',
  },
  logDays: {
    variable: 'BERTH_LOG_DAYS',
    default: '30',
    doc: 'How many days the logs of applications are kept: 1 to 3650. commercetools: 30.',
  },
  logsMb: {
    variable: 'BERTH_LOGS_MB',
    default: '',
    doc: 'MiB of logs that are kept at most. The oldest go first. Unset: 10 GiB, at most a tenth of the disk.',
  },
  otlpEndpoint: {
    variable: 'BERTH_OTLP_ENDPOINT',
    default: '',
    doc: 'Where an OpenTelemetry collector takes OTLP over HTTP, such as http://collector:4318: every entry of the logs is sent to its /v1/logs. Unset: none is.',
  },
  otlpHeaders: {
    variable: 'BERTH_OTLP_HEADERS',
    default: '',
    doc: 'Headers for it, as name=value,name=value with values percent-encoded where they hold a comma: its token, for example. Told to nobody.',
  },
  eventsMb: {
    variable: 'BERTH_EVENTS_MB',
    default: '',
    doc: 'MiB of events that are kept at most. Above it the oldest dead ones go; where none are left, publishing is refused. Unset: 10 GiB, at most a tenth of the disk.',
  },
  auditLogDays: {
    variable: 'BERTH_AUDIT_LOG_DAYS',
    default: '365',
    doc: 'How many days the audit log keeps who changed what: 1 to 3650.',
  },
  auditLogEntries: {
    variable: 'BERTH_AUDIT_LOG_ENTRIES',
    default: '100000',
    doc: 'How many entries of each project it keeps at most: 100 to 10000000. The oldest go first.',
  },
  idleSeconds: {
    variable: 'BERTH_IDLE_SECONDS',
    default: '900',
    doc: 'After how long without requests, messages and ticks an application without minInstances sleeps: none of it runs until somebody asks for it. 0: never. Applications of production Deployments have one minInstances unless they say otherwise.',
  },
  drainSeconds: {
    variable: 'BERTH_DRAIN_SECONDS',
    default: '30',
    doc: 'How long requests to a replaced release may still take.',
  },
} as const satisfies Record<string, { variable: string; default: string; doc: string }>;

export type SettingName = keyof typeof settings;
export type RawSettings = { readonly [N in SettingName]: string };
