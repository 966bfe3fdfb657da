import { hasEnded, refuseCancel } from '../../core/cancel-rules.ts';
import { reject } from '../../core/errors.ts';
import type { Operation } from '../../core/operation.ts';
import { waitFor } from '../waiting/wait-for.ts';
import type { CommandDependencies } from './dependencies.ts';
import type { Identity } from './identity.ts';

/** Children mostly end at once; whoever waits that long may delete the Deployment with the next request. */
const endMs = 5_000;

/**
 * Asks for the end of an operation: a fact in the store, which whoever runs it must follow, now or after a restart.
 * @returns the operation once it has ended, or as it is after a few seconds
 * @throws Rejection `OperationNotCancellable`
 */
export async function cancelOperation(
  { store, clock }: Pick<CommandDependencies, 'store' | 'clock'>,
  { clientId }: Identity,
  operation: Operation,
  signal: AbortSignal,
): Promise<Operation> {
  const { id: operationId, projectKey } = operation;
  const read = async (): Promise<Operation> =>
    (await store.operationRecords.get(projectKey, operationId)) ??
    reject('ResourceNotFound', { resource: 'Operation', id: operationId });
  refuseCancel(operation);
  const request = { at: clock.now(), by: clientId };
  await store.commit([{ kind: 'request-cancel', projectKey, operationId, request }]);
  // It may have ended, or passed the point, since it was read.
  refuseCancel(await read());
  const ended = await waitFor(store, { signal, timeoutMs: endMs }, async () => {
    const now = await read();
    return hasEnded(now) ? now : undefined;
  });
  return ended ?? read();
}
