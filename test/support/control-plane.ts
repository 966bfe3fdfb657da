import { randomBytes, randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import pino from 'pino';
import { sourceWithCredentials } from '../../src/compose/source-with-credentials.ts';
import { type StreamLimits, streamLimits } from '../../src/control-plane/api/event-streams.ts';
import type { RateLimits } from '../../src/control-plane/api/rate-limits.ts';
import { createApiServer } from '../../src/control-plane/api/server.ts';
import { bootstrapProject } from '../../src/control-plane/commands/bootstrap.ts';
import { ownTokens, ownTokensOr } from '../../src/control-plane/commands/tokens.ts';
import type { OperationDependencies } from '../../src/control-plane/operations/dependencies.ts';
import { runOperation } from '../../src/control-plane/operations/run-operation.ts';
import { openOwnKey } from '../../src/control-plane/sealing/sealing-keys.ts';
import { waitFor } from '../../src/control-plane/waiting/wait-for.ts';
import { servingOf } from '../../src/core/application.ts';
import { requireRoom } from '../../src/core/disk-room.ts';
import { Failure } from '../../src/core/failure.ts';
import type { Release } from '../../src/core/release.ts';
import { openNodeBuilder } from '../../src/drivers/builder/node/driver.ts';
import { openFileSystemDisk } from '../../src/drivers/disk/file-system/file-system-disk.ts';
import { openEmbeddedBroker } from '../../src/drivers/event-broker/embedded/open-embedded-broker.ts';
import { openSqliteLogStore } from '../../src/drivers/log-store/sqlite/open-sqlite-log-store.ts';
import { openProcessRuntime } from '../../src/drivers/runtime/process/process-runtime.ts';
import { closedHalf, secretBoxFromKey } from '../../src/drivers/secret-box/aes-gcm/secret-box.ts';
import { openGitSource } from '../../src/drivers/source/git/git-source.ts';
import { openIntrospection } from '../../src/drivers/token-verifier/introspection/introspection.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { EventBroker } from '../../src/ports/event-broker.ts';
import type { LogStore } from '../../src/ports/log-store.ts';
import type { Change, Store } from '../../src/ports/store.ts';
import type { Answer } from './berth.ts';
import { makeRecordsPlace } from './records-place.ts';

/** How the next operation ends. */
export type Outcome = 'succeed' | 'fail';

/**
 * A control plane whose every part is real, and no data plane: the test stands in for one, through the store as it would,
 * and so decides when an operation is worked on and how it ends.
 */
export interface ControlPlane extends AsyncDisposable {
  /** For what must travel over a socket; `request` goes straight into the server. */
  listen(): Promise<{ readonly hostname: string; readonly port: number }>;
  request(method: string, path: string, body?: unknown, token?: string): Promise<Answer>;
  readonly store: Store;
  /** As they are written where the store keeps them. */
  readRecords(): Promise<Buffer>;
  readonly events: Pick<EventBroker, 'depth'>;
  readonly logs: LogStore;
  /** For those who write logs beside it. */
  readonly logFile: string;
  /** The connections that it has, as it sees them. */
  readonly sockets: ReadonlySet<Socket>;
  /** Waits until somebody asks to cancel what nobody works on yet, and ends that: the worker's other duty. */
  cancelQueued(): Promise<void>;
  /** Runs the oldest open operation to its end. False where there is none. */
  work(outcome: Outcome): Promise<boolean>;
  /** A token with these scopes of a project that `token` has made; all of them if none is named. */
  tokenWith(projectKey: string, scopes?: readonly string[]): Promise<string>;
  /** Every method and path that the server knows. */
  printRoutes(): string;
  /** A token with every scope of the project, which is made if need be. */
  token(projectKey: string, fields?: { readonly productionEnabled: boolean }): Promise<string>;
}

export interface ControlPlaneOptions {
  readonly clock?: Clock;
  readonly rateLimits?: RateLimits;
  readonly streamLimits?: Partial<StreamLimits>;
  /** Of another issuer, asked beside Berth's own. */
  readonly introspectionUrl?: string;
  /** Free disk that new work needs. */
  readonly diskFloorBytes?: number;
  /** What the API sees of the store, where a test comes between. */
  readonly storeOfApi?: (store: Store) => Store;
}

export async function openControlPlane(
  folder: string,
  workers: number,
  options: ControlPlaneOptions = {},
): Promise<ControlPlane> {
  await using stack = new AsyncDisposableStack();
  const logFile = join(folder, 'logs.sqlite');
  const records = stack.use(await makeRecordsPlace(join(folder, 'store.sqlite')));
  const [store, logs, events, runtime] = await Promise.all([
    records.open(),
    openSqliteLogStore({ file: logFile }),
    openEmbeddedBroker({ file: join(folder, 'events.sqlite') }),
    openProcessRuntime({ directory: join(folder, 'run') }),
  ]);
  for (const part of [store, logs, events, runtime]) stack.use(part);
  const environment = process.env;
  const secrets = secretBoxFromKey(randomBytes(32));
  const ownKey = await openOwnKey({ store, sealer: secrets });
  const git = openGitSource({
    directory: join(folder, 'git'),
    allowLocal: true,
    environment,
    requireRoom: () => room.require(),
  });
  const source = sourceWithCredentials(git, secrets.repositoriesOf(ownKey));
  const { clock = { now: Date.now }, introspectionUrl } = options;
  const newId = () => randomUUID();
  const logger = pino({ level: 'silent' });
  const broken = { broker: false };
  const operations: OperationDependencies = {
    store,
    clock,
    newId,
    logger,
    source,
    builder: openNodeBuilder({
      directory: join(folder, 'builds'),
      toolDirectory: join(folder, 'tools'),
      source,
      limits: { installTimeoutMs: 60_000, buildTimeoutMs: 60_000 },
    }),
    runtime,
    secrets,
    logs,
    events: {
      removeTopic: async (topic) => {
        if (broken.broker) throw new Failure('The broker is away.');
        await events.removeTopic(topic);
      },
    },
    addressing: { kind: 'host', domain: 'example.com', scheme: 'https' },
    startupTimeoutMs: 60_000,
    steadyMs: 0,
    scriptTimeoutMs: 60_000,
    drainMs: 60_000,
    keepRevisions: 3,
    audit: 'off',
  };
  const room = {
    async require() {
      requireRoom(await openFileSystemDisk([folder]).space(), options.diskFloorBytes ?? 0);
    },
  };
  const own = ownTokens({ store, clock });
  const api = {
    store: options.storeOfApi?.(store) ?? store,
    clock,
    newId,
    room,
    ...closedHalf(secrets, ownKey),
    source,
    builder: operations.builder,
    logs,
    events,
    workers,
    tokenLifetimeSeconds: 172_800,
    tokens:
      introspectionUrl === undefined
        ? own
        : ownTokensOr(
            own,
            openIntrospection({
              url: introspectionUrl,
              clientId: 'berth',
              clientSecret: 'secret',
              clock,
            }),
          ),
  };
  const server = createApiServer(
    {
      ...api,
      openPublishing: false,
      secretMask: 'fixed',
      streamLimits: { ...streamLimits, ...options.streamLimits },
    },
    options.rateLimits ?? { requestsPerClient: 0, failedLogins: 0 },
    logger,
  );
  stack.defer(() => server.close());
  const sockets = new Set<Socket>();
  server.server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await server.ready();

  const askToken: ControlPlane['tokenWith'] = async (projectKey, scopes = []) => {
    const { clientId, clientSecret } = clientOf(projectKey);
    const scope = encodeURIComponent(scopes.map((one) => `${one}:${projectKey}`).join(' '));
    const response = await server.inject({
      method: 'POST',
      url: `/oauth/token?grant_type=client_credentials&scope=${scope}`,
      headers: { authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}` },
    });
    return response.json().access_token;
  };

  const opened = stack.move();
  return {
    store,
    readRecords: () => records.readAll(),
    events,
    logs,
    logFile,
    sockets,
    async listen() {
      await server.listen({ host: '127.0.0.1', port: 0 });
      const address = server.server.address();
      if (address === null || typeof address === 'string') throw new Error('No port');
      return { hostname: address.address, port: address.port };
    },
    async request(method, path, body, token) {
      const response = await server.inject({
        method: method as 'GET',
        url: path,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
      });
      return {
        status: response.statusCode,
        headers: new Headers(Object.entries(response.headers).map(([k, v]) => [k, String(v)])),
        body: response.json(),
      };
    },
    async work(outcome) {
      const now = clock.now();
      const operation = await store.operations.claim({
        worker: 'the only one',
        now,
        leaseUntil: now + 600_000,
      });
      if (operation === undefined) return false;
      broken.broker = outcome === 'fail' && operation.input.kind === 'undeploy';
      await using _dataPlane = standInForDataPlane(store, outcome);
      const never = new AbortController().signal;
      await runOperation(operations, operation, { stopped: never, cancelled: never });
      return true;
    },
    async cancelQueued() {
      const { signal } = new AbortController();
      const asked = await waitFor(store, { signal, timeoutMs: 60_000 }, async () => {
        const [operation] = await store.operations.cancelRequests();
        return operation;
      });
      if (asked === undefined) throw new Error('Nobody has asked to cancel anything');
      const cancelled = AbortSignal.abort();
      await runOperation(operations, asked, { stopped: signal, cancelled });
    },
    tokenWith: askToken,
    printRoutes: () => server.printRoutes({ commonPrefix: false }),
    async token(projectKey, { productionEnabled } = { productionEnabled: true }) {
      await store.commit([
        { kind: 'put-project', project: { key: projectKey, productionEnabled, createdAt: 0 } },
      ]);
      await bootstrapProject({ store, clock }, { projectKey, ...clientOf(projectKey) });
      return askToken(projectKey);
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

function clientOf(projectKey: string) {
  return { clientId: `client-of-${projectKey}`, clientSecret: 'secret' };
}

/** Observes after every hint what the store wants to run, and writes what became of it. */
function standInForDataPlane(store: Store, outcome: Outcome): AsyncDisposable {
  let looking: Promise<void> | undefined;
  let again = false;
  const look = (): void => {
    again = true;
    looking ??= (async () => {
      while (again) {
        again = false;
        await store.commit(await observe(store, outcome));
      }
      looking = undefined;
    })();
  };
  const unwatch = store.watch(look);
  look();
  return {
    async [Symbol.asyncDispose]() {
      unwatch();
      await looking;
      await store.commit(await observe(store, outcome));
    },
  };
}

async function observe(store: Store, outcome: Outcome): Promise<readonly Change[]> {
  const releases = await store.runtime.releases({ states: ['candidate', 'current', 'draining'] });
  const changes = await Promise.all(releases.map((one) => followRelease(store, one, outcome)));
  return changes.flat();
}

async function followRelease(
  store: Store,
  release: Release,
  outcome: Outcome,
): Promise<readonly Change[]> {
  const instances = await store.runtime.instances({ releaseId: release.id });
  if (release.state === 'draining') {
    return [
      { kind: 'delete-instances', ids: instances.map(({ id }) => id) },
      { kind: 'forget-release', id: release.id },
    ];
  }
  // What an earlier operation has brought up stays up.
  if (release.routed || instances.some(({ state }) => state === 'failed')) return [];
  const processes = release.applications.filter(({ type }) => servingOf(type) === 'process');
  if (outcome === 'fail') {
    const [victim] = [...processes, ...release.applications];
    return victim === undefined ? [] : [instanceOf(release, victim.name, 'failed')];
  }
  if (release.state === 'current') return [{ kind: 'set-release-routed', id: release.id }];
  const known = new Set(instances.map(({ applicationName }) => applicationName));
  return processes
    .filter(({ name }) => !known.has(name))
    .map(({ name }) => instanceOf(release, name, 'healthy'));
}

function instanceOf(release: Release, applicationName: string, state: 'healthy' | 'failed') {
  return {
    kind: 'put-instance',
    instance: {
      id: `${release.id}/${applicationName}`,
      releaseId: release.id,
      applicationName,
      state,
      restarts: 0,
      updatedAt: Date.now(),
    },
  } as const;
}
