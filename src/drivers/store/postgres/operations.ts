import type { Kysely } from 'kysely';
import type { OperationQueue } from '../../../ports/store.ts';
import { createOperationQueue } from '../sql/operations.ts';
import type { Schema } from '../sql/schema.ts';
import { postgresDialect } from './dialect.ts';
import { isUniqueViolation, isWorthRepeating } from './errors.ts';

const mostTries = 20;

/**
 * Claims take no turns. Two at once skip each other's row; where they take two operations of one subject nevertheless,
 * the index of running subjects refuses the second, which looks again.
 */
export function createPostgresQueue(db: Kysely<Schema>, tell: () => void): OperationQueue {
  const queue = createOperationQueue(db, postgresDialect);
  const repeat = async <T>(work: () => Promise<T>): Promise<T> => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await work();
      } catch (error) {
        const isRace = isUniqueViolation(error) || isWorthRepeating(error);
        if (!isRace || tries === mostTries) throw error;
      }
    }
  };
  return {
    ...queue,
    async claim(request) {
      const claimed = await repeat(() => queue.claim(request));
      if (claimed !== undefined) tell();
      return claimed;
    },
    renew: (fence) => repeat(() => queue.renew(fence)),
    async release(worker) {
      await repeat(() => queue.release(worker));
      tell();
    },
  };
}
