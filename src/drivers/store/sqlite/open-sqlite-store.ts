import {
  AlreadyKept,
  CancelRequested,
  DuplicateKey,
  FencedOff,
  StaleVersion,
} from '../../../core/store-failure.ts';
import type { Change, Store } from '../../../ports/store.ts';
import { AffectedRowsError, isUniqueViolation } from '../../sqlite/errors.ts';
import { openSqlite } from '../../sqlite/open-sqlite.ts';
import { createAuditLogReader } from '../sql/audit-log.ts';
import { fenceWrites, writesOf } from '../sql/changes.ts';
import { createKeptAnswerReader } from '../sql/kept-answers.ts';
import { createOperationQueue, createOperationReader } from '../sql/operations.ts';
import {
  createConnectorReader,
  createDeploymentReader,
  createProjectReader,
  createReportReader,
  createRevisionReader,
  createRuntimeReader,
} from '../sql/readers.ts';
import type { Schema } from '../sql/schema.ts';
import type { Write } from '../sql/write.ts';
import { migrations } from './migrations.ts';

/** The default store: one file that both planes open. */
export async function openSqliteStore(options: { readonly file: string }): Promise<Store> {
  const database = await openSqlite<Schema>({
    file: options.file,
    synchronous: 'FULL',
    migrations,
  });
  const db = database.kysely;
  return {
    projects: createProjectReader(db),
    connectors: createConnectorReader(db),
    deployments: createDeploymentReader(db),
    revisions: createRevisionReader(db),
    reports: createReportReader(db),
    operations: createOperationQueue(db),
    operationRecords: createOperationReader(db),
    runtime: createRuntimeReader(db),
    auditLog: createAuditLogReader(db),
    keptAnswers: createKeptAnswerReader(db),
    async commit(changes, fence) {
      const writes = changes.flatMap((change) => writesOf(db, change));
      const all = fence === undefined ? writes : [...fenceWrites(db, fence), ...writes];
      try {
        await database.runBatch(all.map(toStatement));
      } catch (error) {
        throw explain(error, all, changes);
      }
    },
    watch: (hint) => database.watch(hint),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

function toStatement({ query, expects }: Write) {
  const { sql, parameters } = query.compile();
  return expects === undefined ? { sql, parameters } : { sql, parameters, affects: 1 };
}

function explain(error: unknown, writes: readonly Write[], changes: readonly Change[]): unknown {
  if (error instanceof AffectedRowsError) {
    const expects = writes[error.statement]?.expects;
    if (expects?.kind === 'fence') return new FencedOff(expects.id);
    if (expects?.kind === 'no-answer') return new AlreadyKept(expects.id);
    if (expects?.kind === 'no-cancel') return new CancelRequested(expects.id);
    if (expects?.kind === 'version') return new StaleVersion(expects.id);
  }
  if (isUniqueViolation(error)) return new DuplicateKey(newKeys(changes).join(', '), error);
  return error;
}

/** The keys that can have been taken already. */
function newKeys(changes: readonly Change[]): readonly string[] {
  return changes.flatMap((change) => {
    if (change.kind === 'insert-deployment' || change.kind === 'insert-connector-staged') {
      return change.record.key === undefined ? [] : [change.record.key];
    }
    if (change.kind === 'put-address') return [String(change.address.port)];
    if (change.kind === 'put-tick') return [String(change.tick.tickAt)];
    return [];
  });
}
