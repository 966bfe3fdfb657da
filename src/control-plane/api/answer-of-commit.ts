import type { Change } from '../../ports/store.ts';
import { printJobRun } from '../../wire/job-run.ts';
import { printOneStaged } from './connector-drafts/print.ts';
import { printOne as printOneDeployment } from './deployments/print.ts';
import { printOne as printOneOperation } from './operations/print.ts';
import { type ApiDependencies, answer, answerVersioned } from './route.ts';

/**
 * What a POST answers that commits this, as far as it can be said before: kept with the commit, so that a repeat finds it
 * even where the process ends before the answer is there.
 */
export async function answerOfCommit(deps: ApiDependencies, changes: readonly Change[]) {
  for (const change of changes) {
    const found = await answerOfChange(deps, change);
    if (found !== undefined) return found;
  }
  const kinds = changes.map(({ kind }) => kind).join(', ');
  throw new Error(`Nothing tells what a commit of ${kinds} is answered; it must be foretold`);
}

async function answerOfChange(deps: ApiDependencies, change: Change) {
  switch (change.kind) {
    case 'insert-deployment':
    case 'update-deployment':
      return answerVersioned(201, await printOneDeployment(deps, change.record));
    case 'insert-connector-staged':
    case 'update-connector-staged':
      return answerVersioned(201, await printOneStaged(deps.store, change.record));
    case 'request-cancel': {
      const { projectKey, operationId, request: cancel } = change;
      const operation = await deps.store.operationRecords.get(projectKey, operationId);
      if (operation === undefined) return undefined;
      return answer(202, await printOneOperation(deps.store, { ...operation, cancel }));
    }
    case 'request-job-run':
      return answer(202, printJobRun(change.run));
    default:
      return undefined;
  }
}
