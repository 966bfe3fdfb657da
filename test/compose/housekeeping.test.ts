import { join } from 'node:path';
import pino from 'pino';
import { expect, test } from 'vitest';
import { keepHouse } from '../../src/compose/housekeeping.ts';
import { openNodeBuilder } from '../../src/drivers/builder/node/driver.ts';
import { openSqliteLogStore } from '../../src/drivers/log-store/sqlite/open-sqlite-log-store.ts';
import { openGitSource } from '../../src/drivers/source/git/git-source.ts';
import { openSqliteStore } from '../../src/drivers/store/sqlite/open-sqlite-store.ts';
import type { Change } from '../../src/ports/store.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const dayMs = 24 * 3600 * 1000;

test('housekeeping keeps the audit log within its days and entries', async () => {
  const folder = await makeTempFolder();
  await using store = await openSqliteStore({ file: join(folder, 'store.db') });
  await using logs = await openSqliteLogStore({ file: join(folder, 'logs.db') });
  const environment = process.env;
  const source = openGitSource({ directory: join(folder, 'git'), allowLocal: true, environment });
  const builder = openNodeBuilder({
    directory: join(folder, 'builds'),
    toolDirectory: join(folder, 'tools'),
    source,
    limits: { installTimeoutMs: 1_000, buildTimeoutMs: 1_000 },
  });
  await store.commit([4.5, 3.5, 2.5, 1.5].map((day) => entryOf(day * dayMs)));
  const deps = {
    ...{ store, logs, builder, source, logger: pino({ level: 'silent' }) },
    logRetentionMs: dayMs,
    budgets: { artifacts: 0, sources: 0 },
    busySince: async () => Number.POSITIVE_INFINITY,
    isAlone: () => true,
  };
  const daysAt = async (now: number, auditLog: { days: number; entries: number }) => {
    await keepHouse({ ...deps, clock: { now: () => now }, auditLog });
    const { results } = await store.auditLog.queryAnywhere({ limit: 10, offset: 0 });
    return results.map(({ at }) => at / dayMs);
  };

  expect(await daysAt(5 * dayMs, { days: 3, entries: 100 })).toEqual([2.5, 3.5, 4.5]);
  expect(await daysAt(5 * dayMs, { days: 3, entries: 2 })).toEqual([2.5, 3.5]);
});

function entryOf(at: number): Change {
  return {
    kind: 'append-audit-log',
    entry: {
      projectKey: 'project',
      at,
      actor: { type: 'operator' },
      correlationId: 'c',
      action: 'a',
      resource: { typeId: 'project', id: 'project' },
      shortened: false,
    },
  };
}
