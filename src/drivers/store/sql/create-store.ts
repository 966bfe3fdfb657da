import type { Kysely } from 'kysely';
import {
  AlreadyKept,
  CancelRequested,
  DuplicateKey,
  FencedOff,
  MasterKeyMoved,
  StaleVersion,
} from '../../../core/store-failure.ts';
import type { Change, OperationQueue, Store } from '../../../ports/store.ts';
import { createAuditLogReader } from './audit-log.ts';
import { fenceWrites, writesOf } from './changes.ts';
import type { SqlDialect } from './dialect.ts';
import { createJobRuns } from './job-runs.ts';
import { createKeptAnswerReader } from './kept-answers.ts';
import { createLeases } from './leases.ts';
import { createOperationReader } from './operations.ts';
import {
  createConnectorReader,
  createDeploymentReader,
  createProjectReader,
  createReportReader,
  createRevisionReader,
  createRuntimeReader,
} from './readers.ts';
import type { Schema } from './schema.ts';
import { createSealingKeyReader } from './sealing-keys.ts';
import type { Write } from './write.ts';

/** An engine that runs the shared SQL. */
export interface SqlEngine {
  readonly db: Kysely<Schema>;
  readonly dialect: SqlDialect;
  readonly operations: OperationQueue;
  /** All or nothing, and what two commits both write is written by one after the other. A write that `expects` a record changes exactly one row. */
  runBatch(writes: readonly Write[], options: CommitOptions): Promise<void>;
  /** The position of the write that did not find its record. */
  unmetWrite(error: unknown): number | undefined;
  isUniqueViolation(error: unknown): boolean;
  watch(hint: () => void): () => void;
  version(): number | undefined;
  close(): Promise<void>;
}

export interface CommitOptions {
  /** A power cut may undo it: it need not wait for the disk. */
  readonly mayBeLost: boolean;
}

/** What a data plane observes, it observes again after its next start. */
function isSeenAgain({ kind }: Change): boolean {
  return (
    kind === 'put-instance' ||
    kind === 'delete-instances' ||
    kind === 'set-release-routed' ||
    kind === 'set-address-state'
  );
}

export function createSqlStore(engine: SqlEngine): Store {
  const { db, dialect } = engine;
  return {
    projects: createProjectReader(db),
    connectors: createConnectorReader(db, dialect),
    deployments: createDeploymentReader(db),
    revisions: createRevisionReader(db),
    reports: createReportReader(db),
    operations: engine.operations,
    operationRecords: createOperationReader(db),
    runtime: createRuntimeReader(db, dialect),
    jobRuns: createJobRuns(db, dialect),
    auditLog: createAuditLogReader(db),
    keptAnswers: createKeptAnswerReader(db),
    leases: createLeases(db),
    sealingKeys: createSealingKeyReader(db),
    async commit(changes, fence) {
      const writes = changes.flatMap((change) => writesOf(db, dialect, change));
      const all = fence === undefined ? writes : [...fenceWrites(db, fence), ...writes];
      try {
        await engine.runBatch(all, { mayBeLost: changes.every(isSeenAgain) });
      } catch (error) {
        throw explain(engine, error, all, changes);
      }
    },
    watch: (hint) => engine.watch(hint),
    version: () => engine.version(),
    [Symbol.asyncDispose]: () => engine.close(),
  };
}

function explain(
  engine: SqlEngine,
  error: unknown,
  writes: readonly Write[],
  changes: readonly Change[],
): unknown {
  const unmet = engine.unmetWrite(error);
  if (unmet !== undefined) {
    const expects = writes[unmet]?.expects;
    if (expects?.kind === 'fence') return new FencedOff(expects.id);
    if (expects?.kind === 'no-answer') return new AlreadyKept(expects.id);
    if (expects?.kind === 'no-cancel') return new CancelRequested(expects.id);
    if (expects?.kind === 'master-key') return new MasterKeyMoved(expects.id);
    if (expects?.kind === 'version') return new StaleVersion(expects.id);
  }
  if (engine.isUniqueViolation(error)) return new DuplicateKey(newKeys(changes).join(', '), error);
  return error;
}

/** The keys that can have been taken already. */
function newKeys(changes: readonly Change[]): readonly string[] {
  return changes.flatMap((change) => {
    if (change.kind === 'insert-deployment' || change.kind === 'insert-connector-staged') {
      return change.record.key === undefined ? [] : [change.record.key];
    }
    if (change.kind === 'put-address') return [String(change.address.port)];
    return [];
  });
}
