import { join } from 'node:path';
import type { Operation } from '../../../src/core/operation.ts';
import type { Logger } from '../../../src/ports/logger.ts';
import type { Change, Store } from '../../../src/ports/store.ts';
import { openOwnStore } from '../../support/records-place.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

export async function openStore(): Promise<Store> {
  return openOwnStore(join(await makeTempFolder(), 'store.sqlite'));
}

export const clock = { now: () => Date.now() };

/** Inserts an operation and claims it. */
export async function accept(store: Store, operation: Operation): Promise<Operation> {
  await store.commit([{ kind: 'insert-operation', operation }]);
  return claim(store);
}

export async function claim(store: Store, worker = 'worker', now = Date.now()): Promise<Operation> {
  const claimed = await store.operations.claim({ worker, now, leaseUntil: now + 15_000 });
  if (claimed === undefined) throw new Error('No operation is due');
  return claimed;
}

/** As after the death of the worker that held the operation. */
export async function claimAgain(store: Store): Promise<Operation> {
  for (const dead of ['worker', 'next']) await store.operations.release(dead);
  return claim(store, 'next');
}

/** The titles of a report, a step's name before each. */
export async function titlesOf(store: Store, reportId: string): Promise<readonly string[]> {
  const entries = await store.reports.entries([reportId]);
  return entries.map(({ step, type, title }) => `${step}: ${type} ${title}`);
}

export interface KeptLog extends Logger {
  readonly lines: readonly string[];
}

export function keepLog(): KeptLog {
  const lines: string[] = [];
  const line = (level: string) => (_details: object, message: string) => {
    lines.push(`${level} ${message}`);
  };
  return { lines, info: () => {}, warn: line('warn'), error: line('error') };
}

export function requestCancel(operationId: string): Change {
  const request = { at: Date.now(), by: 'somebody' };
  return { kind: 'request-cancel', projectKey: 'project', operationId, request };
}
