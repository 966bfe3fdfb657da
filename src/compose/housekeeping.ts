import { collectArtifacts } from '../control-plane/operations/collect-artifacts.ts';
import type { OperationDependencies } from '../control-plane/operations/dependencies.ts';
import { keptAnswerLimits } from '../core/kept-answer.ts';
import { keptOperations } from '../core/operation.ts';

const dayMs = 24 * 3600 * 1000;
const logRetentionMs = 30 * dayMs;
const housekeepingMs = 3600 * 1000;

export type HousekeepingDependencies = Pick<
  OperationDependencies,
  'store' | 'builder' | 'logs' | 'clock' | 'logger'
> & { readonly auditLog: { readonly days: number; readonly entries: number } };

/** Keeps what grows within its bounds, now and then. */
export function startHousekeeping(deps: HousekeepingDependencies): Disposable {
  const run = (): void =>
    void keepHouse(deps).catch((error: unknown) =>
      deps.logger.warn({ err: error }, 'housekeeping failed'),
    );
  const timer = setInterval(run, housekeepingMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

export async function keepHouse(deps: HousekeepingDependencies): Promise<void> {
  const { store, logs, auditLog } = deps;
  const now = deps.clock.now();
  await store.commit([
    { kind: 'forget-operations', keep: keptOperations },
    { kind: 'prune-audit-log', before: now - auditLog.days * dayMs, keep: auditLog.entries },
    { kind: 'forget-kept-answers', until: now - keptAnswerLimits.ageMs },
  ]);
  await collectArtifacts(deps);
  await logs.prune({ before: now - logRetentionMs });
}
