import { describe } from 'vitest';
import { describeAtOnce } from './store/at-once.ts';
import { describeAuditLog } from './store/audit-log.ts';
import { describeCancelling } from './store/cancelling.ts';
import { describeCommits } from './store/commits.ts';
import { describeDeploymentQueries } from './store/deployment-queries.ts';
import { describeJobRuns } from './store/job-runs.ts';
import { describeKeptAnswers } from './store/kept-answers.ts';
import { describeLeases } from './store/leases.ts';
import { describeOperations } from './store/operations.ts';
import type { PrepareStore } from './store/place.ts';
import { describeProcesses } from './store/processes.ts';
import { describeRecords } from './store/records.ts';
import { describeRevisions } from './store/revisions.ts';
import { describeRuntimeRecords } from './store/runtime.ts';
import { describeSealingKeys } from './store/sealing-keys.ts';
import { describeSearch } from './store/search.ts';

/** What every store promises. `prepare` makes a place for one that is empty. */
export function describeStore(name: string, prepare: PrepareStore): void {
  describe(`${name} as a store`, () => {
    describeCommits(prepare);
    describeAtOnce(prepare);
    describeOperations(prepare);
    describeCancelling(prepare);
    describeRecords(prepare);
    describeDeploymentQueries(prepare);
    describeSearch(prepare);
    describeRevisions(prepare);
    describeKeptAnswers(prepare);
    describeSealingKeys(prepare);
    describeLeases(prepare);
    describeRuntimeRecords(prepare);
    describeJobRuns(prepare);
    describeAuditLog(prepare);
    describeProcesses(prepare);
  });
}
