import { collectArtifacts } from '../control-plane/operations/collect-artifacts.ts';
import type { OperationDependencies } from '../control-plane/operations/dependencies.ts';
import { isBusy } from '../core/deployment-status.ts';
import { keptRunsOfOneJob } from '../core/job-run.ts';
import { keptAnswerLimits } from '../core/kept-answer.ts';
import { keptOperations } from '../core/operation.ts';
import type { EventBroker } from '../ports/event-broker.ts';
import type { DiskBudgets } from './disk-limits.ts';

const dayMs = 24 * 3600 * 1000;
const tidyMs = 60_000;
const keepHouseMs = 3600 * 1000;
/** Between two looks that operations asked for; longer where a look takes long. */
const shortestGapMs = 1000;
const gapFactor = 10;

export type HousekeepingDependencies = Pick<
  OperationDependencies,
  'store' | 'builder' | 'source' | 'logs' | 'clock' | 'logger'
> & {
  readonly events: Pick<EventBroker, 'keepTopics'>;
  readonly auditLog: { readonly days: number; readonly entries: number };
  readonly logRetentionMs: number;
  readonly budgets: Pick<DiskBudgets, 'artifacts' | 'sources'> & {
    /** Absent where others use the caches too. */
    readonly caches?: number;
  };
  /** Of whatever is under way now or begins from now on (ms since the epoch): what was used since then may be in its hands. */
  readonly busySince: () => Promise<number>;
  /** Whether nobody else can be using the caches now. */
  readonly isAlone: () => boolean;
};

export interface Housekeeping extends Disposable {
  /** An operation has ended: there may be something to throw away. */
  hint(): void;
}

/** Keeps what grows within its bounds: behind operations, every minute, and the whole house every hour. */
export function startHousekeeping(deps: HousekeepingDependencies): Housekeeping {
  let running = false;
  let wanted = false;
  let gap: NodeJS.Timeout | undefined;
  const work = async (task: typeof tidyUp): Promise<void> => {
    const startedAt = performance.now();
    running = true;
    wanted = false;
    await task(deps).catch((error: unknown) =>
      deps.logger.warn({ err: error }, 'housekeeping failed'),
    );
    const gapMs = Math.max(shortestGapMs, gapFactor * (performance.now() - startedAt));
    gap = setTimeout(() => {
      running = false;
      if (wanted) void work(tidyUp);
    }, gapMs);
  };
  const hint = (): void => {
    wanted = true;
    if (!running) void work(tidyUp);
  };
  const minutes = setInterval(hint, tidyMs);
  const hours = setInterval(() => void (running || work(keepHouse)), keepHouseMs);
  return {
    hint,
    [Symbol.dispose]() {
      for (const timer of [minutes, hours]) clearInterval(timer);
      clearTimeout(gap);
      running = true;
    },
  };
}

/** What can grow fast, or runs for nobody. */
export async function tidyUp(deps: HousekeepingDependencies): Promise<void> {
  const { budgets, source, logs, clock, logRetentionMs } = deps;
  const usedSince = await deps.busySince();
  await collectArtifacts(deps, { maxBytes: budgets.artifacts, usedSince });
  await source.prune({ maxBytes: budgets.sources, usedSince });
  await logs.prune({ before: clock.now() - logRetentionMs });
  await forgetCandidates(deps);
}

/** Of operations that could not be ended as they should. One whose operation goes on belongs to a Deployment that is busy. */
async function forgetCandidates({ store }: HousekeepingDependencies): Promise<void> {
  for (const { id, deploymentId } of await store.runtime.releases({ states: ['candidate'] })) {
    const deployment = await store.deployments.byId(deploymentId);
    if (deployment !== undefined && isBusy(deployment.status)) continue;
    await store.commit([{ kind: 'forget-release', id }]);
  }
}

export async function keepHouse(deps: HousekeepingDependencies): Promise<void> {
  const { store, builder, auditLog, budgets } = deps;
  const now = deps.clock.now();
  await store.commit([
    { kind: 'forget-operations', keep: keptOperations },
    { kind: 'forget-job-runs', keep: keptRunsOfOneJob },
    { kind: 'prune-audit-log', before: now - auditLog.days * dayMs, keep: auditLog.entries },
    { kind: 'forget-kept-answers', until: now - keptAnswerLimits.ageMs },
  ]);
  await forgetTopics(deps);
  await tidyUp(deps);
  if (budgets.caches !== undefined && deps.isAlone()) await builder.pruneCaches(budgets.caches);
}

/** What was accepted while its Deployment went, when the topic had been emptied already. The time first: rows may come after it. */
async function forgetTopics({ store, events, clock }: HousekeepingDependencies): Promise<void> {
  const before = clock.now();
  const addresses = await store.runtime.addresses();
  const alive = addresses.filter(({ state }) => state !== 'released');
  await events.keepTopics({ topics: new Set(alive.map(({ hostLabel }) => hostLabel)), before });
}
