import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { BootstrapClient, Config } from '../config/parse-config.ts';
import { createApiServer } from '../control-plane/api/server.ts';
import { bootstrapProject } from '../control-plane/commands/bootstrap.ts';
import { collectArtifacts } from '../control-plane/operations/collect-artifacts.ts';
import type { OperationDependencies } from '../control-plane/operations/dependencies.ts';
import { runOperation } from '../control-plane/operations/run-operation.ts';
import { startWorker } from '../control-plane/operations/worker.ts';
import { openNodeBuilder } from '../drivers/builder/node/driver.ts';
import { openEmbeddedBroker } from '../drivers/event-broker/embedded/open-embedded-broker.ts';
import { openSqliteLogStore } from '../drivers/log-store/sqlite/open-sqlite-log-store.ts';
import { openHttpProjectApi } from '../drivers/project-api/http/project-api.ts';
import { openProcessRuntime } from '../drivers/runtime/process/process-runtime.ts';
import { openSecretBox } from '../drivers/secret-box/aes-gcm/secret-box.ts';
import { openGitSource } from '../drivers/source/git/git-source.ts';
import { openSqliteStore } from '../drivers/store/sqlite/open-sqlite-store.ts';
import { readOrMakeCredentials } from './credentials.ts';
import { dataLayout } from './data-layout.ts';
import { lockPlane } from './plane-lock.ts';

export interface OpenPlane extends AsyncDisposable {
  readonly port: number;
  /** Credentials that this start made: to be shown once. */
  readonly newClient: BootstrapClient | undefined;
}

export interface PlaneInput {
  readonly config: Config;
  readonly logger: Logger;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

const logRetentionMs = 30 * 24 * 3600 * 1000;
const housekeepingMs = 3600 * 1000;

/** Decides: API, OAuth, operations, builds. */
export async function openControlPlane({
  config,
  logger,
  environment,
  signal,
}: PlaneInput): Promise<OpenPlane> {
  const layout = dataLayout(config.dataDirectory);
  await using stack = new AsyncDisposableStack();
  stack.use(await lockPlane(layout.lock('control'), 'control', signal));
  const secrets = await openSecretBox({ keyFile: layout.keyFile });
  const [store, logs, events, runtime] = await Promise.all([
    openSqliteStore({ file: layout.store }),
    openSqliteLogStore({ file: layout.logs }),
    openEmbeddedBroker({ file: layout.events }),
    openProcessRuntime({ directory: layout.run('control') }),
  ]);
  for (const part of [store, logs, events, runtime]) stack.use(part);
  const clock = { now: () => Date.now() };
  const newId = (): string => randomUUID();
  const credentials = await readOrMakeCredentials(config, layout.credentials);
  await bootstrapProject({ store, clock }, credentials.client);

  const source = openGitSource({
    directory: layout.sources,
    allowLocal: config.allowLocalRepositories,
    useOperatorCredentials: true,
    environment,
  });
  const builder = openNodeBuilder({
    directory: layout.builds,
    toolDirectory: config.toolDirectory ?? layout.tools,
    source,
    operatorEnvironment: environment,
    limits: { installTimeoutMs: config.buildTimeoutMs, buildTimeoutMs: config.buildTimeoutMs },
  });
  const { platform } = config;
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
    ...(platform === undefined
      ? {}
      : { platform: { apiUrl: platform.apiUrl, authUrl: platform.authUrl } }),
    ...(platform?.client === undefined
      ? {}
      : {
          projectApi: openHttpProjectApi({
            ...platform,
            clientId: platform.client.id,
            clientSecret: platform.client.secret,
          }),
        }),
    addressing:
      config.apps.domain === undefined
        ? { kind: 'port', ...config.apps.ports }
        : { kind: 'host', domain: config.apps.domain, scheme: config.apps.scheme },
    startupTimeoutMs: config.startupTimeoutMs,
    scriptTimeoutMs: config.scriptTimeoutMs,
    drainMs: config.drainMs,
  };

  await stopLeftovers(runtime, logger);
  const workerId = randomUUID();
  // The lock says that whoever held a lease in this data directory is dead.
  await store.operations.release({ not: workerId });
  stack.use(
    startWorker({
      store,
      clock,
      logger,
      workerId,
      concurrency: config.workers,
      run: (operation, stopped) => runOperation(operations, operation, stopped),
    }),
  );
  const server = createApiServer(
    {
      store,
      clock,
      newId,
      sealer: secrets,
      source,
      logs,
      events,
      workers: config.workers,
      openPublishing: config.openPublishing,
    },
    logger,
  );
  stack.defer(() => server.close());
  await server.listen({ host: config.host, port: config.port });
  stack.adopt(startHousekeeping(operations), clearInterval);

  const opened = stack.move();
  const address = server.server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : config.port,
    newClient: credentials.made ? credentials.client : undefined,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** Scripts that a killed control plane left running. */
async function stopLeftovers(
  runtime: Awaited<ReturnType<typeof openProcessRuntime>>,
  logger: Logger,
): Promise<void> {
  const leftovers = (await runtime.observe()).filter(({ owned }) => !owned);
  await Promise.all(leftovers.map(({ id }) => runtime.stop(id, 0)));
  if (leftovers.length > 0)
    logger.warn(
      { stopped: leftovers.length },
      'stopped scripts that an earlier process left running',
    );
}

function startHousekeeping(deps: OperationDependencies): NodeJS.Timeout {
  const keepHouse = async (): Promise<void> => {
    await collectArtifacts(deps);
    await deps.logs.prune({ before: deps.clock.now() - logRetentionMs });
  };
  const run = (): void =>
    void keepHouse().catch((error: unknown) =>
      deps.logger.warn({ err: error }, 'housekeeping failed'),
    );
  return setInterval(run, housekeepingMs);
}
