import type { Connector, ConnectorStaged } from '../../core/connector.ts';
import { StaleVersion } from '../../core/store-failure.ts';
import type { Change, Store } from '../../ports/store.ts';
import type { OperationRun } from './operation-run.ts';

/** The staged connector that an operation works on, whoever owns it. */
export async function readStaged(store: Store, id: string): Promise<ConnectorStaged | undefined> {
  const [staged] = await store.connectors.stagedAnywhere({ id });
  return staged;
}

/** What was published of it, if anything. */
export async function readPublished(store: Store, id: string): Promise<Connector | undefined> {
  const [published] = await store.connectors.publishedAnywhere({ id });
  return published;
}

/** Writes what `decide` makes of the newest record; a client may have changed it meanwhile. */
export async function changeStaged(
  store: Store,
  id: string,
  decide: (staged: ConnectorStaged) => ConnectorStaged | undefined,
): Promise<readonly Change[]> {
  const staged = await readStaged(store, id);
  const record = staged === undefined ? undefined : decide(staged);
  if (staged === undefined || record === undefined) return [];
  return [{ kind: 'update-connector-staged', record, expectedVersion: staged.version }];
}

/** How often a client can come between reading and writing before the operation gives up. */
const maxTries = 10;

/** The operation's last commit, decided again where somebody has changed the record since it was read. */
export async function finishWith(
  run: OperationRun,
  decide: () => Promise<readonly Change[]>,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await run.finish('succeeded', await decide());
    } catch (error) {
      if (!(error instanceof StaleVersion) || tries === maxTries) throw error;
    }
  }
}
