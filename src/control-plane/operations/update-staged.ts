import type { ConnectorStaged } from '../../core/connector.ts';
import type { Change, Store } from '../../ports/store.ts';

/** The staged connector that an operation works on, whoever owns it. */
export async function readStaged(store: Store, id: string): Promise<ConnectorStaged | undefined> {
  const [staged] = await store.connectors.stagedAnywhere({ id });
  return staged;
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
