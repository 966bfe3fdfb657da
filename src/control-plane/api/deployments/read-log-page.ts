import { reject } from '../../../core/errors.ts';
import { LogCursorFailure } from '../../../core/failure.ts';
import type { LogPage, LogQuery } from '../../../ports/log-store.ts';
import type { ApiDependencies } from '../route.ts';

export const logPageSize = 100;

/** @throws Rejection `DeploymentLogInvalidPageToken` */
export async function readLogPage(
  { logs }: Pick<ApiDependencies, 'logs'>,
  query: LogQuery,
): Promise<LogPage> {
  try {
    return await logs.query(query);
  } catch (error) {
    if (!(error instanceof LogCursorFailure)) throw error;
    return reject('DeploymentLogInvalidPageToken', { token: query.after ?? '' });
  }
}
