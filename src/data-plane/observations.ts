import type { Release } from '../core/release.ts';
import type { RouteTable, Target } from '../core/route-table.ts';
import type { Address, InstanceRecord } from '../ports/runtime-reader.ts';
import type { Change, Store } from '../ports/store.ts';
import type { PortOutcome } from './gateway/listeners.ts';

/** What the data plane has seen, as changes of the store; only what is news. */
export class Observations {
  readonly #written = new Map<string, string>();

  /** Rows of an earlier process say nothing about this one. */
  static async clear(store: Store): Promise<void> {
    const old = await store.runtime.instances({});
    await store.commit([{ kind: 'delete-instances', ids: old.map(({ id }) => id) }]);
  }

  instances(records: readonly InstanceRecord[]): readonly Change[] {
    const present = new Set(records.map(({ id }) => id));
    const gone = [...this.#written.keys()].filter((id) => !present.has(id));
    for (const id of gone) this.#written.delete(id);
    const news = records.filter((record) => this.#isNews(record));
    return [
      ...news.map((instance) => ({ kind: 'put-instance', instance }) as const),
      ...(gone.length === 0 ? [] : [{ kind: 'delete-instances', ids: gone } as const]),
    ];
  }

  /** To be called before it is written: a write that fails is repeated with `forget`. */
  #isNews(record: InstanceRecord): boolean {
    const { updatedAt: _, ...facts } = record;
    const text = JSON.stringify(facts);
    if (this.#written.get(record.id) === text) return false;
    this.#written.set(record.id, text);
    return true;
  }

  /** After a failed write everything is news again. */
  forget(): void {
    for (const id of this.#written.keys()) this.#written.set(id, '');
  }
}

export function portChanges(
  addresses: readonly Address[],
  outcomes: readonly PortOutcome[],
): readonly Change[] {
  const stateByPort = new Map(outcomes.map(({ port, state }) => [port, state]));
  return addresses.flatMap((tried) => {
    const state = tried.port === undefined ? 'bound' : stateByPort.get(tried.port);
    return state === undefined || state === tried.state
      ? []
      : [{ kind: 'set-address-state', tried, state } as const];
  });
}

/** Current releases whose every application the table sends requests to. */
export function routedChanges(releases: readonly Release[], table: RouteTable): readonly Change[] {
  const unrouted = releases.filter(({ state, routed }) => state === 'current' && !routed);
  if (unrouted.length === 0) return [];
  const routed = new Set(
    table.flatMap(({ target, hostLabel }) =>
      isAnswered(target) ? [`${target.releaseId}/${hostLabel}`] : [],
    ),
  );
  return unrouted
    .filter(({ id, applications }) =>
      applications.every(({ hostLabel }) => routed.has(`${id}/${hostLabel}`)),
    )
    .map(({ id }) => ({ kind: 'set-release-routed', id }));
}

function isAnswered(target: Target): target is Exclude<Target, { kind: 'unavailable' }> {
  switch (target.kind) {
    case 'process':
      return target.instances.length > 0 || target.sleeps === true;
    case 'files':
      return true;
    case 'unavailable':
      return false;
    default:
      return target satisfies never;
  }
}
