import type { Change } from '../../ports/store.ts';
import type { OperationDependencies } from './dependencies.ts';
import type { OperationRun } from './operation-run.ts';

/** What a kind of operation does, and what becomes of it where it does not succeed. */
export interface OperationPlan {
  /** Works through the steps and ends with `run.finish`. */
  readonly run: (deps: OperationDependencies, run: OperationRun) => Promise<void>;
  /** What a failure changes besides the report: the status, and what must not stay. */
  readonly fail: (deps: OperationDependencies, run: OperationRun) => Promise<readonly Change[]>;
  /** The same for one that was cancelled, before or while it ran. */
  readonly cancel: (deps: OperationDependencies, run: OperationRun) => Promise<Cancelled>;
  /** The status alone, where that after-care is what does not work. */
  readonly abandon: (deps: OperationDependencies, run: OperationRun) => Promise<readonly Change[]>;
}

export interface Cancelled {
  readonly changes: readonly Change[];
  /** For the report: what is left now. */
  readonly outcome: string;
}
