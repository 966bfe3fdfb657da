import type { ReportEntry } from './report.ts';

/** A durable unit of work. What it works on, its `subject`, is worked on by one operation at a time. */
export const operationKinds = ['preview', 'publish', 'deploy', 'undeploy'] as const;
export type OperationKind = (typeof operationKinds)[number];

export const operationStates = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const;
export type OperationState = (typeof operationStates)[number];

export type Subject = `deployment:${string}` | `connector:${string}`;

/** What each kind is given when it is accepted. Kept with the operation. */
export type OperationInput =
  | { readonly kind: 'preview'; readonly connectorId: string; readonly reportId: string }
  | {
      readonly kind: 'publish';
      readonly connectorId: string;
      readonly reportId: string;
      readonly certification: boolean;
    }
  | {
      readonly kind: 'deploy';
      readonly deploymentId: string;
      /** The Deployment's version that this operation brings about. */
      readonly version: number;
      readonly reportId: string;
      readonly skipScripts: boolean;
      /** The revision that it goes back to, where it is a rollback. */
      readonly rollbackRevision?: number;
    }
  | { readonly kind: 'undeploy'; readonly deploymentId: string; readonly reportId: string };

export interface Operation {
  readonly id: string;
  readonly projectKey: string;
  readonly subject: Subject;
  readonly input: OperationInput;
  readonly state: OperationState;
  /** Raised at every claim. A worker that lost its lease holds an old one and can write nothing more. */
  readonly attempt: number;
  readonly createdAt: number;
  /** After this the operation fails, whatever it is doing (ms since the epoch). */
  readonly deadlineAt: number;
  /** Of the first attempt. */
  readonly startedAt?: number;
  readonly finishedAt?: number;
  /** Somebody has asked for its end. Whoever runs it must follow, now or in the next attempt. */
  readonly cancel?: CancelRequest;
  /** Why it cannot be cancelled any more, once that is so. */
  readonly uncancellable?: string;
}

export interface CancelRequest {
  /** ms since the epoch */
  readonly at: number;
  /** Id of the API client that asked. */
  readonly by: string;
}

/** When a step ran, for people. It is under way, or ended with its operation, where `finishedAt` is absent. */
export interface StepTimes {
  readonly operationId: string;
  readonly name: string;
  readonly startedAt: number;
  readonly finishedAt?: number;
}

/** What a finished step left behind; a resumed operation takes it instead of running the step again. */
export interface StepRecord {
  readonly name: string;
  readonly result: unknown;
}

/** A report entry and the step that wrote it: running the step again replaces its entries. */
export interface StepEntry extends ReportEntry {
  readonly reportId: string;
  readonly step: string;
}

/** From acceptance to a final state. The platform it replaces takes up to 15 minutes. */
export const operationDeadlineMs = 45 * 60_000;
/** And each of its steps after this, unless it says that it may take longer. */
export const stepDeadlineMs = 10 * 60_000;
/** For builds, which wait for each other. */
export const buildDeadlineMs = 40 * 60_000;
/** What a step may take to end once it is told to. Then it is left behind: it can write nothing any more. */
export const stepGraceMs = 30_000;
/** A killed worker is noticed by another one after this. */
export const leaseMs = 15_000;
/** Operations that have ended are kept: of each subject and kind the newest. */
export const keptOperations = 50;
/** An operation that took its worker down with it this many times is given up. */
export const maxAttempts = 5;

/** The input of an operation that is known to be of the kind. */
export function inputOf<K extends OperationKind>(
  { input }: Pick<Operation, 'input'>,
  kind: K,
): Extract<OperationInput, { kind: K }> {
  if (input.kind !== kind) throw new Error(`Not a ${kind}: ${input.kind}`);
  return input as Extract<OperationInput, { kind: K }>;
}

export function subjectOf(input: OperationInput): Subject {
  return 'deploymentId' in input
    ? `deployment:${input.deploymentId}`
    : `connector:${input.connectorId}`;
}
