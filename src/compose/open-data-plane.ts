import { startDataPlane } from '../data-plane/start-data-plane.ts';
import { openNodeBuilder } from '../drivers/builder/node/driver.ts';
import { openEmbeddedBroker } from '../drivers/event-broker/embedded/open-embedded-broker.ts';
import { openSqliteLogStore } from '../drivers/log-store/sqlite/open-sqlite-log-store.ts';
import { openProcessRuntime } from '../drivers/runtime/process/process-runtime.ts';
import { openSecretBox } from '../drivers/secret-box/aes-gcm/secret-box.ts';
import { openGitSource } from '../drivers/source/git/git-source.ts';
import { openSqliteStore } from '../drivers/store/sqlite/open-sqlite-store.ts';
import { dataLayout } from './data-layout.ts';
import type { OpenPlane, PlaneInput } from './open-control-plane.ts';
import { lockPlane } from './plane-lock.ts';

/** Carries: instances, gateway, events, jobs, logs. */
export async function openDataPlane({
  config,
  logger,
  environment,
  signal,
}: PlaneInput): Promise<OpenPlane> {
  const layout = dataLayout(config.dataDirectory);
  await using stack = new AsyncDisposableStack();
  stack.use(await lockPlane(layout.lock('data'), 'data', signal));
  const secrets = await openSecretBox({ keyFile: layout.keyFile });
  const [store, logs, events, runtime] = await Promise.all([
    openSqliteStore({ file: layout.store }),
    openSqliteLogStore({ file: layout.logs }),
    openEmbeddedBroker({ file: layout.events }),
    openProcessRuntime({ directory: layout.run('data') }),
  ]);
  for (const part of [store, logs, events, runtime]) stack.use(part);
  const source = openGitSource({ directory: layout.sources, allowLocal: false, environment });
  const builder = openNodeBuilder({
    directory: layout.builds,
    toolDirectory: config.toolDirectory ?? layout.tools,
    source,
    operatorEnvironment: environment,
    limits: { installTimeoutMs: config.buildTimeoutMs, buildTimeoutMs: config.buildTimeoutMs },
  });
  const { platform } = config;
  const plane = stack.use(
    await startDataPlane({
      store,
      logs,
      events,
      runtime,
      builder,
      secrets,
      clock: { now: () => Date.now() },
      logger,
      ...(platform === undefined
        ? {}
        : { platform: { apiUrl: platform.apiUrl, authUrl: platform.authUrl } }),
      host: config.host,
      gatewayPort: config.gatewayPort,
      startupTimeoutMs: config.startupTimeoutMs,
      drainMs: config.drainMs,
    }),
  );
  const opened = stack.move();
  return {
    port: plane.gatewayPort,
    newClient: undefined,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
