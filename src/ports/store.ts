import type { AuditLogEntry, NumberedEntry } from '../core/audit-log.ts';
import type { Connector, ConnectorStaged, ConnectorStagedStatus } from '../core/connector.ts';
import type { ConnectorSearch } from '../core/connector-search.ts';
import type { Deployment, DeploymentType } from '../core/deployment.ts';
import type { JobRun } from '../core/job-run.ts';
import type { KeptAnswer, KeptAnswerLimits } from '../core/kept-answer.ts';
import type {
  CancelRequest,
  Operation,
  OperationState,
  StepEntry,
  StepRecord,
  StepTimes,
  Subject,
} from '../core/operation.ts';
import type { OperationProgress } from '../core/operation-progress.ts';
import type { Release, ReleaseState } from '../core/release.ts';
import type { ReportEntry } from '../core/report.ts';
import type { DeploymentRevision } from '../core/revision.ts';
import type { JobRuns } from './job-runs.ts';
import type { Leases } from './leases.ts';
import type { Address, InstanceRecord, RuntimeReader } from './runtime-reader.ts';
import type { SealingKeyChange, SealingKeyReader } from './sealing-keys.ts';

/**
 * The one place where the planes meet. It keeps records and compares versions; every rule lives in core.
 * A `commit` is all or nothing and durable when it resolves; only what a data plane has observed, and observes again, a power cut may
 * undo.
 */
export interface Store extends AsyncDisposable {
  readonly projects: ProjectReader;
  readonly connectors: ConnectorReader;
  readonly deployments: DeploymentReader;
  readonly revisions: RevisionReader;
  readonly reports: ReportReader;
  readonly operations: OperationQueue;
  readonly operationRecords: OperationReader;
  readonly runtime: RuntimeReader;
  readonly jobRuns: JobRuns;
  readonly auditLog: AuditLogReader;
  readonly keptAnswers: KeptAnswerReader;
  readonly leases: Leases;
  readonly sealingKeys: SealingKeyReader;
  /**
   * @throws StaleVersion where a record has moved since it was read
   * @throws DuplicateKey where another record has the key
   * @throws MasterKeyMoved where a key is sealed with a master key that is no longer the one for new keys
   * @throws AlreadyKept where an answer is kept under the same id
   * @throws FencedOff where `fence` names an operation that another worker holds by now
   * @throws CancelRequested where `fence` does not allow for that
   */
  commit(changes: readonly Change[], fence?: Fence): Promise<void>;
  /** Calls back after any commit, of this process or another. A hint: read what interests you. */
  watch(hint: () => void): () => void;
  /**
   * The same number again: nothing was committed between, by this process or another, and what was read is still so.
   * Undefined where that cannot be told at once.
   */
  version(): number | undefined;
}

export interface Fence {
  readonly operationId: string;
  readonly attempt: number;
  /** It must still wait for a worker, instead of being this attempt's. */
  readonly whileQueued?: boolean;
  /** Nobody may have asked to cancel it. */
  readonly unlessCancelled?: boolean;
}

export type Change =
  | { readonly kind: 'put-project'; readonly project: Project }
  | { readonly kind: 'put-client'; readonly client: ApiClient }
  | { readonly kind: 'delete-client'; readonly projectKey: string; readonly id: string }
  /** Of the client's tokens only the `keep` that expire last stay, this one included. */
  | { readonly kind: 'put-token'; readonly token: AccessToken; readonly keep: number }
  | { readonly kind: 'insert-connector-staged'; readonly record: ConnectorStaged }
  | {
      readonly kind: 'update-connector-staged';
      readonly record: ConnectorStaged;
      readonly expectedVersion: number;
    }
  | {
      /** Also forgets its operations and reports. */
      readonly kind: 'delete-connector-staged';
      readonly id: string;
      readonly expectedVersion: number;
    }
  | { readonly kind: 'put-connector'; readonly record: Connector }
  | { readonly kind: 'insert-deployment'; readonly record: Deployment }
  | {
      readonly kind: 'update-deployment';
      readonly record: Deployment;
      readonly expectedVersion: number;
    }
  /** Also forgets its key, operations, reports, releases, revisions and runs of jobs. */
  | {
      readonly kind: 'delete-deployment';
      readonly id: string;
      /** Its addresses stay reserved for the next Deployment of the same key. */
      readonly keepAddresses: boolean;
    }
  | { readonly kind: 'insert-revision'; readonly record: DeploymentRevision }
  | {
      readonly kind: 'delete-revisions';
      readonly deploymentId: string;
      readonly numbers: readonly number[];
    }
  | { readonly kind: 'insert-operation'; readonly operation: Operation }
  | {
      readonly kind: 'finish-operation';
      readonly operationId: string;
      readonly state: OperationState;
      readonly finishedAt: number;
    }
  /** Only an open operation that can still be cancelled takes it, and only the first one: read what came of it. */
  | {
      readonly kind: 'request-cancel';
      readonly projectKey: string;
      readonly operationId: string;
      readonly request: CancelRequest;
    }
  | {
      readonly kind: 'forbid-cancel';
      readonly operationId: string;
      readonly reason: string;
    }
  /** Forgets all but the newest that have ended, of each subject and kind, with their steps and reports. */
  | { readonly kind: 'forget-operations'; readonly keep: number }
  | {
      readonly kind: 'begin-step';
      readonly operationId: string;
      readonly step: string;
      readonly startedAt: number;
    }
  | {
      readonly kind: 'put-step';
      readonly operationId: string;
      readonly step: StepRecord;
      readonly finishedAt: number;
    }
  /** Replaces what the same step wrote before. */
  | {
      readonly kind: 'put-entries';
      readonly reportId: string;
      readonly step: string;
      readonly entries: readonly ReportEntry[];
    }
  | { readonly kind: 'insert-release'; readonly record: Release }
  | { readonly kind: 'set-release-state'; readonly id: string; readonly state: ReleaseState }
  /** Nothing of it runs any more. */
  | { readonly kind: 'forget-release'; readonly id: string }
  /** The gateway sends requests to it from now on. */
  | { readonly kind: 'set-release-routed'; readonly id: string }
  /** Its applications were built again and have other keys. Nothing happens where the release is forgotten by now. */
  | { readonly kind: 'replace-artifacts'; readonly record: Release }
  | { readonly kind: 'put-instance'; readonly instance: InstanceRecord }
  | { readonly kind: 'delete-instances'; readonly ids: readonly string[] }
  | { readonly kind: 'put-address'; readonly address: Address }
  | { readonly kind: 'delete-address'; readonly hostLabel: string }
  /** What became of a port. Only if the address is still the one that was tried. */
  | {
      readonly kind: 'set-address-state';
      readonly tried: Address;
      readonly state: Address['state'];
    }
  /** Nothing happens where its Deployment is gone by now. */
  | { readonly kind: 'request-job-run'; readonly run: JobRun }
  /** Forgets all but the newest that have ended, of each job: so many at its ticks, and so many that were asked for. */
  | { readonly kind: 'forget-job-runs'; readonly keep: number }
  | {
      readonly kind: 'append-audit-log';
      readonly entry: AuditLogEntry;
      /** For a change that stands behind it and may come too late: then nothing is appended either. */
      readonly onlyWhile?: { readonly cancellable: string } | { readonly client: string };
    }
  /** Forgets entries of before that time (ms since the epoch), and all but the newest of each project. */
  | { readonly kind: 'prune-audit-log'; readonly before: number; readonly keep: number }
  /** Also forgets what the limits say, and first of all what is too old. */
  | {
      readonly kind: 'insert-kept-answer';
      readonly answer: KeptAnswer;
      readonly limits: KeptAnswerLimits;
    }
  /** Nothing happens where it is forgotten by now. */
  | { readonly kind: 'update-kept-answer'; readonly id: string; readonly sealed: string }
  /** Those that were kept at that time (ms since the epoch) or before. */
  | { readonly kind: 'forget-kept-answers'; readonly until: number }
  | SealingKeyChange;

export interface Project {
  readonly key: string;
  readonly productionEnabled: boolean;
  readonly createdAt: number;
}

/** An API client of Berth's own token service. Of the secret only its hash is kept. */
export interface ApiClient {
  readonly id: string;
  readonly projectKey: string;
  readonly name: string;
  /** With suffix: `manage_project:demo`. */
  readonly scopes: readonly string[];
  readonly secretHash: string;
  readonly createdAt: number;
}

export interface AccessToken {
  /** SHA-256 of the token, hex. */
  readonly hash: string;
  readonly clientId: string;
  readonly projectKey: string;
  readonly scopes: readonly string[];
  /** ms since the epoch */
  readonly expiresAt: number;
}

export interface ProjectReader {
  get(key: string): Promise<Project | undefined>;
  client(id: string): Promise<ApiClient | undefined>;
  clients(projectKey: string, page: PageRequest): Promise<Page<ApiClient>>;
  /** Only while its client exists. */
  token(hash: string): Promise<AccessToken | undefined>;
}

export interface PageRequest {
  readonly limit: number;
  readonly offset: number;
  readonly sort?: readonly SortKey[];
}

export interface SortKey {
  readonly field: 'createdAt' | 'lastModifiedAt';
  readonly direction: 'asc' | 'desc';
}

export interface Page<T> {
  readonly total: number;
  readonly results: readonly T[];
}

export interface ConnectorReader {
  staged(projectKey: string, ref: Ref): Promise<ConnectorStaged | undefined>;
  /** Whoever owns it: for the visibility rules of core, and for operations. */
  stagedAnywhere(ref: Ref): Promise<readonly ConnectorStaged[]>;
  queryStaged(
    projectKey: string,
    page: PageRequest & {
      readonly isPrivate?: boolean;
      readonly integrationTypes?: readonly string[];
    },
  ): Promise<Page<ConnectorStaged>>;
  /** Of every project, the oldest change first. */
  stagedInStatus(statuses: readonly ConnectorStagedStatus[]): Promise<readonly ConnectorStaged[]>;
  publishedAnywhere(ref: Ref): Promise<readonly Connector[]>;
  /** Those that `isFound` in core finds. */
  search(search: ConnectorSearch, page: PageRequest): Promise<Page<Connector>>;
}

export type Ref = { readonly id: string } | { readonly key: string };

export interface DeploymentReader {
  get(projectKey: string, ref: Ref): Promise<Deployment | undefined>;
  query(
    projectKey: string,
    page: PageRequest & {
      readonly integrationTypes?: readonly string[];
      readonly type?: DeploymentType;
    },
  ): Promise<Page<Deployment>>;
  /** For operations, which act in no project's name. */
  byId(id: string): Promise<Deployment | undefined>;
  /** How many Deployments, of any project, use the connector. */
  countOfConnector(connectorId: string): Promise<number>;
}

export interface RevisionReader {
  /** Newest first. */
  query(
    projectKey: string,
    deploymentId: string,
    page: Pick<PageRequest, 'limit' | 'offset'>,
  ): Promise<Page<DeploymentRevision>>;
  get(
    projectKey: string,
    deploymentId: string,
    number: number,
  ): Promise<DeploymentRevision | undefined>;
  /** All that are kept, newest first. */
  numbers(projectKey: string, deploymentId: string): Promise<readonly number[]>;
}

export interface ReportReader {
  /** In the order in which they were written. */
  entries(reportIds: readonly string[]): Promise<readonly StepEntry[]>;
}

export interface OperationQueue {
  /** The oldest operation that is due and whose subject nobody works on, leased to `worker`, its attempt raised. */
  claim(request: {
    readonly worker: string;
    readonly now: number;
    readonly leaseUntil: number;
  }): Promise<Operation | undefined>;
  /** False where the lease is no longer this attempt's. */
  renew(fence: Fence & { readonly leaseUntil: number }): Promise<boolean>;
  /** Gives back what a worker held, at once: it stops, or it is known to be dead. */
  release(worker: string): Promise<void>;
  /** When the first of those that run now was claimed first (ms since the epoch); absent: none runs. */
  runningSince(): Promise<number | undefined>;
  /** Those that somebody has asked to cancel and that have not ended. */
  cancelRequests(): Promise<readonly Operation[]>;
  steps(operationId: string): Promise<readonly StepRecord[]>;
  /** Those that are queued or running. */
  countOpen(): Promise<number>;
}

/** What operations are for people. */
export interface OperationReader {
  get(projectKey: string, id: string): Promise<Operation | undefined>;
  /** Newest first. */
  query(
    projectKey: string,
    page: Pick<PageRequest, 'limit' | 'offset'> & OperationFilter,
  ): Promise<Page<Operation>>;
  progress(projectKey: string, id: string): Promise<OperationProgress | undefined>;
  /** Of all of these operations, each in the order in which it was recorded that they began: of short ones side by side, as they ended. */
  steps(operationIds: readonly string[]): Promise<readonly StepTimes[]>;
}

export interface OperationFilter {
  /** What kinds of subjects; absent: all. */
  readonly of?: readonly ('deployment' | 'connector')[];
  readonly subjects?: readonly Subject[];
  readonly states?: readonly OperationState[];
}

export interface AuditLogReader {
  /** Newest first. */
  query(
    projectKey: string,
    page: Pick<PageRequest, 'limit' | 'offset'> & AuditLogFilter,
  ): Promise<Page<NumberedEntry>>;
  /** Of all projects: for operators. */
  queryAnywhere(
    page: Pick<PageRequest, 'limit' | 'offset'> & AuditLogFilter,
  ): Promise<Page<NumberedEntry>>;
}

export interface AuditLogFilter {
  /** Also what it is the subject of. */
  readonly resourceId?: string;
  /** Id of an API client, a subject, or `operator`. */
  readonly actor?: string;
  readonly action?: string;
  /** ms since the epoch, both inclusive */
  readonly from?: number;
  readonly to?: number;
}

export interface KeptAnswerReader {
  get(projectKey: string, id: string): Promise<KeptAnswer | undefined>;
}
