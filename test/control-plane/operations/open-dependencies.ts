import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { OperationDependencies } from '../../../src/control-plane/operations/dependencies.ts';
import { openOwnKey } from '../../../src/control-plane/sealing/sealing-keys.ts';
import { openNodeBuilder } from '../../../src/drivers/builder/node/driver.ts';
import { openEmbeddedBroker } from '../../../src/drivers/event-broker/embedded/open-embedded-broker.ts';
import { openSqliteLogStore } from '../../../src/drivers/log-store/sqlite/open-sqlite-log-store.ts';
import { openProcessRuntime } from '../../../src/drivers/runtime/process/process-runtime.ts';
import { secretBoxFromKey } from '../../../src/drivers/secret-box/aes-gcm/secret-box.ts';
import { openGitSource } from '../../../src/drivers/source/git/git-source.ts';
import type { Store } from '../../../src/ports/store.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';
import { clock, keepLog } from './support.ts';

/** Everything real, and no data plane: what waits for one waits for the test. */
export async function openDependencies(opening: Promise<Store>) {
  const folder = await makeTempFolder();
  const log = keepLog();
  const [store, logs, events, runtime] = await Promise.all([
    opening,
    openSqliteLogStore({ file: join(folder, 'logs.sqlite') }),
    openEmbeddedBroker({ file: join(folder, 'events.sqlite') }),
    openProcessRuntime({ directory: join(folder, 'run') }),
  ]);
  for (const part of [store, logs, events, runtime])
    onTestFinished(() => part[Symbol.asyncDispose]());
  const environment = process.env;
  const secrets = secretBoxFromKey(randomBytes(32));
  await openOwnKey({ store, sealer: secrets });
  const source = openGitSource({ directory: join(folder, 'git'), allowLocal: true, environment });
  const deps: OperationDependencies = {
    store,
    clock,
    newId: randomUUID,
    logger: log,
    source,
    builder: openNodeBuilder({
      directory: join(folder, 'builds'),
      toolDirectory: join(folder, 'tools'),
      source,
      limits: { installTimeoutMs: 1000, buildTimeoutMs: 1000 },
    }),
    runtime,
    secrets,
    logs,
    events,
    addressing: { kind: 'host', domain: 'example.com', scheme: 'https' },
    startupTimeoutMs: 1000,
    steadyMs: 300,
    scriptTimeoutMs: 1000,
    drainMs: 1000,
    keepRevisions: 2,
    audit: 'warn',
  };
  return { deps, store, logs, events, log };
}
