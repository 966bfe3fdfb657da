import { reject } from '../../../core/errors.ts';
import type { Operation } from '../../../core/operation.ts';
import type { Ref, Store } from '../../../ports/store.ts';
import { readDeployment } from '../read-or-reject.ts';

/** @throws Rejection `ResourceNotFound` */
export async function readNewestOperation(
  store: Store,
  projectKey: string,
  ref: Ref,
): Promise<Operation> {
  const { id } = await readDeployment(store, projectKey, ref);
  const { results } = await store.operationRecords.query(projectKey, {
    subjects: [`deployment:${id}`],
    limit: 1,
    offset: 0,
  });
  return results[0] ?? reject('ResourceNotFound', { resource: 'Operation of Deployment', ...ref });
}
