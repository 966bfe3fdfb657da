import { randomUUID } from 'node:crypto';
import type { Config } from '../config/parse-config.ts';
import { streamLimits } from '../control-plane/api/event-streams.ts';
import { rememberReads } from '../control-plane/api/remember-reads.ts';
import { createApiServer } from '../control-plane/api/server.ts';
import { auditedStore } from '../control-plane/audit-log/audited-store.ts';
import { bootstrapProject } from '../control-plane/commands/bootstrap.ts';
import { ownTokens, ownTokensOr } from '../control-plane/commands/tokens.ts';
import { startLogExport } from '../control-plane/log-export/start-log-export.ts';
import type { OperationDependencies } from '../control-plane/operations/dependencies.ts';
import { runOperation } from '../control-plane/operations/run-operation.ts';
import { startWorker } from '../control-plane/operations/worker.ts';
import { openOwnKey } from '../control-plane/sealing/sealing-keys.ts';
import { createLeasedTurns } from '../control-plane/waiting/leased-turns.ts';
import { openOtlpSink } from '../drivers/log-sink/otlp-http/otlp-sink.ts';
import { openHttpProjectApi } from '../drivers/project-api/http/project-api.ts';
import { closedHalf } from '../drivers/secret-box/aes-gcm/secret-box.ts';
import { openGitSource } from '../drivers/source/git/git-source.ts';
import { openIntrospection } from '../drivers/token-verifier/introspection/introspection.ts';
import type { Clock } from '../ports/clock.ts';
import type { Store } from '../ports/store.ts';
import type { TokenVerifier } from '../ports/token-verifier.ts';
import { type Chores, startChores } from './chores.ts';
import { clearSeat, startClearing } from './clear-seats.ts';
import { readOrMakeCredentials } from './credentials.ts';
import { openRoom } from './disk-limits.ts';
import { takeDuty } from './duty.ts';
import { openBridge } from './open-bridge.ts';
import { openBuilder, openParts, redirectOf } from './open-parts.ts';
import type { OpenPlane, PlaneInput } from './plane.ts';
import { sealWhatIsOlder } from './seal-what-is-older.ts';
import { isVacant } from './seats.ts';
import { sourceWithCredentials } from './source-with-credentials.ts';

const steadyMs = 300;

/** Decides: API, OAuth, operations, builds. */
export async function openControlPlane(input: PlaneInput): Promise<OpenPlane> {
  const { config, logger, environment } = input;
  await using stack = new AsyncDisposableStack();
  const { layout, seat, otherSeats, openRuntime, runtime, sandbox, ...parts } = await openParts(
    'control',
    input,
    stack,
  );
  const { disk, budgets, secrets, store, logs, events, clock } = parts;
  const newId = (): string => randomUUID();
  const credentials = await readOrMakeCredentials(config, layout.credentials);
  const asked = {
    actor: { type: 'operator' },
    action: 'bootstrap',
    correlationId: newId(),
  } as const;
  const ownKey = await openOwnKey({ store, sealer: secrets });
  const closed = closedHalf(secrets, ownKey);
  const isAlone = (): boolean => otherSeats.every((name) => isVacant(layout, name));
  const sealing = { store, secrets, ownKey };
  await sealWhatIsOlder(sealing, { lock: layout.lock('seal'), signal: input.signal });
  const audited = auditedStore({ store, clock, ...closed }, asked);
  await bootstrapProject({ store: audited, clock }, credentials.client);

  const room = openRoom(disk, config.disk);
  const git = openGitSource({
    directory: layout.sources,
    allowLocal: config.allowLocalRepositories,
    allowPrivate: config.allowPrivateRepositories,
    ...(config.repositoryHosts === undefined ? {} : { allowedHosts: config.repositoryHosts }),
    useOperatorCredentials: true,
    requireRoom: room.require,
    environment,
  });
  const source = sourceWithCredentials(git, secrets.repositoriesOf(ownKey));
  const turns = createLeasedTurns({
    ...{ store, clock, logger },
    pool: 'build',
    size: config.builds,
    worker: seat.name,
  });
  const builder = openBuilder(input, { source, sandbox, room, turns });
  const { platform, suppliedApiClient } = config;
  const operations: OperationDependencies = {
    store,
    clock,
    newId,
    logger,
    source,
    builder,
    runtime,
    secrets,
    logs,
    events,
    ...(await openBridge(config)),
    ...redirectOf(config),
    ...(platform?.client === undefined
      ? {}
      : {
          projectApi: openHttpProjectApi({
            ...platform,
            clientId: platform.client.id,
            clientSecret: platform.client.secret,
          }),
        }),
    ...(suppliedApiClient === undefined ? {} : { suppliedApiClient }),
    addressing:
      config.apps.domain === undefined
        ? { kind: 'port', ...config.apps.ports }
        : { kind: 'host', domain: config.apps.domain, scheme: config.apps.scheme },
    audit: config.audit,
    startupTimeoutMs: config.startupTimeoutMs,
    steadyMs,
    scriptTimeoutMs: config.scriptTimeoutMs,
    drainMs: config.drainMs,
    keepRevisions: config.keepRevisions,
  };

  await clearSeat({ store, logger }, seat, runtime);
  stack.use(startClearing({ store, logger, layout, seats: otherSeats, openRuntime }));
  let chores: Chores | undefined;
  stack.use(
    takeDuty({ lockFile: layout.lock('chores'), logger }, () => {
      chores = startChores({
        ...operations,
        events,
        auditLog: config.auditLog,
        logRetentionMs: config.logRetentionMs,
        budgets: {
          artifacts: budgets.artifacts,
          sources: budgets.sources,
          // A shared one is the operator's: another Berth may be using it.
          ...(config.toolDirectory === undefined ? { caches: budgets.caches } : {}),
        },
        isAlone,
      });
      return chores;
    }),
  );
  const { otlp } = config;
  if (otlp !== undefined) {
    const sink = openOtlpSink(otlp);
    stack.use(
      takeDuty({ lockFile: layout.lock('log-export'), logger }, () =>
        startLogExport({ logs, store, sink, logger }),
      ),
    );
  }
  stack.use(
    startWorker({
      store,
      clock,
      logger,
      workerId: seat.name,
      concurrency: config.workers,
      run: async (operation, signals) => {
        await runOperation(operations, operation, signals);
        chores?.hint();
      },
    }),
  );
  const remembering = rememberReads(store);
  const api = {
    store: remembering,
    clock,
    newId,
    room,
    ...closed,
    source,
    builder,
    logs,
    events,
    workers: config.workers,
    openPublishing: config.openPublishing,
    secretMask: config.secretMask,
    tokens: openTokens({ store: remembering, clock }, config),
    tokenLifetimeSeconds: config.tokenLifetimeSeconds,
    streamLimits,
  };
  const server = createApiServer(api, config.rateLimits, logger);
  stack.defer(() => server.close());
  await server.listen({ host: config.host, port: config.port });
  const pubsub = await openPubsub(api, { config, logger });
  if (pubsub !== undefined) stack.use(pubsub);

  const opened = stack.move();
  const address = server.server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : config.port,
    ...(pubsub === undefined ? {} : { pubsubPort: pubsub.port }),
    newClient: credentials.made ? credentials.client : undefined,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

async function openPubsub(
  api: Parameters<typeof createApiServer>[0],
  { config, logger }: Pick<PlaneInput, 'config' | 'logger'>,
) {
  if (config.pubsubPort === undefined) return undefined;
  // Its libraries take memory, which those who publish over HTTP need not give.
  const { openGrpcPublisher } = await import('../control-plane/grpc/open-grpc-publisher.ts');
  return openGrpcPublisher(api, { host: config.host, port: config.pubsubPort, logger });
}

function openTokens(
  own: { readonly store: Store; readonly clock: Clock },
  { introspection }: Config,
): TokenVerifier {
  if (introspection === undefined) return ownTokens(own);
  return ownTokensOr(ownTokens(own), openIntrospection({ ...introspection, clock: own.clock }));
}
