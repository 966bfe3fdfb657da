import { randomUUID } from 'node:crypto';
import { access } from 'node:fs/promises';
import type { Config } from '../config/parse-config.ts';
import { auditedStore } from '../control-plane/audit-log/audited-store.ts';
import { openOwnKey } from '../control-plane/sealing/sealing-keys.ts';
import { Failure } from '../core/failure.ts';
import { closedHalf } from '../drivers/secret-box/aes-gcm/secret-box.ts';
import type { Clock } from '../ports/clock.ts';
import type { Store } from '../ports/store.ts';
import { dataLayout } from './data-layout.ts';
import { keyFileOf, openSecrets, requireMasterKey } from './open-secrets.ts';
import { openStore } from './open-store.ts';

/** What a command of an operator works on, beside whatever server runs there. */
export interface OperatorStore extends AsyncDisposable {
  /** What it commits stands in the audit log. */
  readonly store: Store;
  readonly clock: Clock;
}

/**
 * @param action what the command is called in the audit log
 * @throws Failure where the data directory is none
 */
export async function openOperatorStore(
  config: Pick<Config, 'dataDirectory' | 'databaseUrl' | 'masterKey'>,
  action: string,
): Promise<OperatorStore> {
  const { dataDirectory } = config;
  const layout = dataLayout(dataDirectory);
  const keyFile = keyFileOf(config);
  const file = config.databaseUrl === undefined ? layout.store : keyFile;
  if (file !== undefined) await requireStore(file, dataDirectory);
  const secrets = await openSecrets(config);
  await using stack = new AsyncDisposableStack();
  const store = stack.use(await openStore(config));
  await requireMasterKey(store, secrets);
  const { digester } = closedHalf(secrets, await openOwnKey({ store, sealer: secrets }));
  const clock = { now: () => Date.now() };
  const opened = stack.move();
  const asked = { actor: { type: 'operator' }, action, correlationId: randomUUID() } as const;
  return {
    store: auditedStore({ store, clock, digester }, asked),
    clock,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** Opening would make one, and a mistyped folder would look like an empty Berth. */
export async function requireStore(file: string, dataDirectory: string): Promise<void> {
  try {
    await access(file);
  } catch (error) {
    throw new Failure(`There are no records of a Berth in ${dataDirectory}.`, {
      nextStep: 'Say with BERTH_DATA_DIR where they are; berth serve makes them.',
      cause: error,
    });
  }
}
