import type { Operation } from '../../../core/operation.ts';
import type { Store } from '../../../ports/store.ts';
import { printOperation } from '../../../wire/operation.ts';

/** Steps and reports are kept apart from the records they belong to; one read each fetches all of them. */
export async function printOperations(store: Store, operations: readonly Operation[]) {
  const steps = await store.operationRecords.steps(operations.map(({ id }) => id));
  const entries = await store.reports.entries(operations.map(({ input }) => input.reportId));
  const stepsOf = Map.groupBy(steps, ({ operationId }) => operationId);
  const entriesOf = Map.groupBy(entries, ({ reportId }) => reportId);
  return operations.map((operation) =>
    printOperation(operation, {
      steps: stepsOf.get(operation.id) ?? [],
      entries: entriesOf.get(operation.input.reportId) ?? [],
    }),
  );
}

export async function printOne(store: Store, operation: Operation) {
  const steps = await store.operationRecords.steps([operation.id]);
  const entries = await store.reports.entries([operation.input.reportId]);
  return printOperation(operation, { steps, entries });
}
