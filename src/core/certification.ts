import {
  type Connector,
  type ConnectorStaged,
  type ConnectorStagedStatus,
  contentOf,
} from './connector.ts';
import { withComment } from './connector-staged.ts';
import { Failure } from './failure.ts';
import { publish } from './publishing.ts';

/** The way to a public Connector (contract §7): validated, looked at by an operator, then published or sent back. */

/** What an operator can do with one, and when. */
export const certificationSteps = ['start', 'approve', 'reject'] as const;
export type CertificationStep = (typeof certificationSteps)[number];

const allowedIn: Readonly<Record<CertificationStep, readonly ConnectorStagedStatus[]>> = {
  start: ['ReadyForCertification'],
  approve: ['InCertification'],
  reject: ['ReadyForCertification', 'InCertification'],
};

/** Those that wait for an operator. */
export const certifyingStatuses = ['ReadyForCertification', 'InCertification'] as const;

/** The `userId` of comments that an operator makes. */
const operator = 'operator';

/** A public publish that validated waits for somebody to certify just what was validated. */
export function decideReadyForCertification(staged: ConnectorStaged, now: number): ConnectorStaged {
  const candidate = contentOf(staged);
  return next(staged, { status: 'ReadyForCertification', candidate }, now);
}

/** @throws Failure where its status does not allow it */
export function decideCertification(
  before: { readonly staged: ConnectorStaged; readonly published: Connector | undefined },
  asked: { readonly step: CertificationStep; readonly comment?: string },
  now: number,
): { readonly staged: ConnectorStaged; readonly connector?: Connector } {
  refuseUnfit(before.staged, asked.step);
  const { comment } = asked;
  const staged =
    comment === undefined
      ? before.staged
      : { ...before.staged, ...withComment(before.staged, operator, comment, now) };
  switch (asked.step) {
    case 'start':
      return { staged: next(staged, { status: 'InCertification' }, now) };
    case 'reject': {
      const { candidate: _, ...rest } = staged;
      return { staged: next(rest, { status: 'Draft' }, now) };
    }
    case 'approve':
      return publish(staged, staged.candidate ?? contentOf(staged), {
        previous: before.published,
        certified: true,
        now,
      });
    default:
      return asked.step satisfies never;
  }
}

function next(
  staged: ConnectorStaged,
  changes: Partial<ConnectorStaged>,
  now: number,
): ConnectorStaged {
  return { ...staged, ...changes, version: staged.version + 1, lastModifiedAt: now };
}

function refuseUnfit(staged: ConnectorStaged, step: CertificationStep): void {
  if (allowedIn[step].includes(staged.status)) return;
  throw new Failure(
    `The ConnectorStaged ${staged.id} is in status ${staged.status}, but to ${step} its certification it must be in ${allowedIn[step].join(' or ')}.`,
    { nextStep: nextStepIn(staged) },
  );
}

function nextStepIn({ id, status }: ConnectorStaged): string {
  switch (status) {
    case 'ReadyForCertification':
      return `Begin with: berth certify start ${id}`;
    case 'InCertification':
      return `It has begun. End it with: berth certify approve ${id}, or: berth certify reject ${id} --comment …`;
    case 'Processing':
      return 'It is being validated. Try again when that is done.';
    default:
      return 'Its creator asks for certification with the update action publish and certification true.';
  }
}
