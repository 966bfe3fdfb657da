import { isDeepStrictEqual } from 'node:util';
import { type Actor, type AuditLogEntry, type Shown, shorten } from '../../core/audit-log.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Digester } from '../../ports/secret-box.ts';
import type { Change, Store } from '../../ports/store.ts';
import { type Described, describeChange } from './describe-change.ts';
import { digestCredentials } from './hide-credentials.ts';

/** Who asks, and for what. */
export interface Asked {
  readonly actor: Actor;
  readonly action: string;
  readonly correlationId: string;
}

interface Dependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly digester: Digester;
}

/**
 * The store for one request of a client or one command of an operator: whatever it commits stands in the audit log, by
 * the same commit. A commit that changes no record that people know is a mistake of Berth's, and refused.
 */
export function auditedStore(deps: Dependencies, asked: Asked): Store {
  return {
    ...deps.store,
    async commit(changes, fence) {
      const entries = await appendingEntries(deps, asked, changes);
      // Before the changes: an entry may depend on what is there before them.
      await deps.store.commit([...entries, ...changes], fence);
    },
  };
}

async function appendingEntries(
  { store, clock, digester }: Dependencies,
  asked: Asked,
  changes: readonly Change[],
): Promise<readonly Change[]> {
  const found = await Promise.all(
    changes.map((change) => describeChange(change, { store, digester, changes })),
  );
  const described = found.filter((one) => one !== undefined);
  if (described.length === 0) {
    const kinds = changes.map(({ kind }) => kind).join(', ');
    throw new Error(`${asked.action} would leave nothing in the audit log: ${kinds}`);
  }
  return described
    .filter(({ before, after }) => !isDeepStrictEqual(before, after))
    .map((one) => ({
      kind: 'append-audit-log',
      entry: entryOf(one, { asked, digester, at: clock.now() }),
      ...(one.onlyWhile === undefined ? {} : { onlyWhile: one.onlyWhile }),
    }));
}

function entryOf(
  { projectKey, resource, before, after }: Described,
  {
    asked,
    digester,
    at,
  }: { readonly asked: Asked; readonly digester: Digester; readonly at: number },
): AuditLogEntry {
  const keep = (shown: Shown) => shorten(digestCredentials(shown, resource, digester));
  const [was, is] = [before && keep(before), after && keep(after)];
  return {
    projectKey,
    at,
    ...asked,
    resource,
    ...(was === undefined ? {} : { before: was.shown }),
    ...(is === undefined ? {} : { after: is.shown }),
    shortened: was?.shortened === true || is?.shortened === true,
  };
}
