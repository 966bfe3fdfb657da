import {
  type Operation,
  type OperationInput,
  operationDeadlineMs,
  subjectOf,
} from '../../core/operation.ts';
import type { CommandDependencies } from './dependencies.ts';

/** A new operation, to be committed together with what it works on. */
export function newOperation(
  { clock, newId }: Pick<CommandDependencies, 'clock' | 'newId'>,
  projectKey: string,
  input: OperationInput,
): Operation {
  const now = clock.now();
  return {
    id: newId(),
    projectKey,
    subject: subjectOf(input),
    input,
    state: 'queued',
    attempt: 0,
    createdAt: now,
    deadlineAt: now + operationDeadlineMs,
  };
}

/** `Deploying` at once where a worker is free, `Queued` only when it really waits (contract §10, row 1). */
export async function acceptedStatus({
  store,
  workers,
}: Pick<CommandDependencies, 'store' | 'workers'>): Promise<'Deploying' | 'Queued'> {
  return (await store.operations.countOpen()) < workers ? 'Deploying' : 'Queued';
}
