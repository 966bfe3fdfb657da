/**
 * What goes wrong outside of Berth, worded for the person whose connector it is. Each becomes a report entry:
 * `message` says what happened, `nextStep` what to do, `output` holds the tool's own last lines.
 */
export class Failure extends Error {
  readonly nextStep: string | undefined;
  readonly output: string | undefined;
  /** Of the report entry, where it is another than that of the step. */
  readonly title: string | undefined;

  constructor(message: string, more: FailureDetails = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = new.target.name;
    this.nextStep = more.nextStep;
    this.output = more.output;
    this.title = more.title;
  }
}

export interface FailureDetails {
  readonly nextStep?: string;
  readonly output?: string;
  readonly title?: string;
  readonly cause?: unknown;
}

export class SourceFailure extends Failure {
  readonly reason: 'refused' | 'unreachable' | 'too-large';

  constructor(reason: SourceFailure['reason'], message: string, more: FailureDetails = {}) {
    super(message, more);
    this.reason = reason;
  }
}

export class BuildFailure extends Failure {
  readonly stage: 'prepare' | 'install' | 'build';

  constructor(stage: BuildFailure['stage'], message: string, more: FailureDetails = {}) {
    super(message, more);
    this.stage = stage;
  }
}

/** A file of an artifact is not what the build left there. Nothing of it is used any more. */
export class ArtifactDamaged extends Failure {
  constructor(application: string, damage: string) {
    super(`The artifact of application "${application}" is damaged: ${damage}.`, {
      nextStep: 'Redeploy the Deployment: that builds it again.',
    });
  }
}

export class RuntimeFailure extends Failure {}

export class ProjectApiFailure extends Failure {}

/** The broker outside, which others publish to. */
export class BridgeFailure extends Failure {
  readonly reason: BridgeFailureReason;

  constructor(reason: BridgeFailureReason, message: string, more: FailureDetails = {}) {
    super(message, more);
    this.reason = reason;
  }
}

/** `too-large`: an answer that is more than anybody would hold in memory. */
export type BridgeFailureReason = 'refused' | 'unknown' | 'unavailable' | 'too-large';

/** Whoever issues access tokens cannot be asked about one. The message reaches the client: it names no address. */
export class IssuerFailure extends Failure {}

/** A page of logs was asked for with a position that no page ever gave. */
export class LogCursorFailure extends Failure {}

/** There is no room on the disk, or not enough for new work. Nothing was written; it is worth trying again later. */
export class DiskFull extends Failure {
  constructor(message: string, more: Omit<FailureDetails, 'nextStep'> = {}) {
    super(message, { ...more, nextStep: diskFullNextStep });
  }
}

export const diskFullNextStep =
  'Make room on it, or delete Deployments and logs that nobody needs (`berth disk` shows what takes how much), then try again.';

/** What the operating system says of a full disk, in words for people; anything else as it is. */
export function explainFullDisk(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return new DiskFull('The disk is full.', { cause: error });
}

/** The text of a report entry's message. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Failure)) return error instanceof Error ? error.message : String(error);
  const parts = [error.message];
  if (error.nextStep !== undefined) parts.push(error.nextStep);
  if (error.output !== undefined && error.output !== '')
    parts.push(`Last output:\n${error.output}`);
  return parts.join('\n');
}
