import type { Audit, AuditResult } from '../../../core/audit.ts';
import { Failure } from '../../../core/failure.ts';
import type { AuditRequest } from '../../../ports/builder.ts';
import { removeRootPackage } from './build-application.ts';
import type { CheckedOut, Checkout } from './checkout.ts';
import type { InputReader } from './inputs.ts';
import { digestOfLockfile, type LockedApplication, reachesOut } from './lockfile-digest.ts';
import { planManager } from './plan.ts';
import type { RecentAudits } from './recent-audits.ts';
import { type AuditRunDeps, runAudit } from './run-audit.ts';
import type { Turns } from './turns.ts';

export interface AuditDeps extends AuditRunDeps {
  readonly reader: InputReader;
  readonly recent: RecentAudits;
  /** Apart from those of builds: an audit waits for the network, a build for the processor. */
  readonly auditTurns: Turns;
}

/** Nothing is installed and nothing of the connector's own runs: the lockfiles say everything. */
export async function auditApplications(
  deps: AuditDeps,
  { repository, applications }: AuditRequest,
  checkout: Checkout,
  signal: AbortSignal,
): Promise<readonly Audit[]> {
  const settled: Audit[] = [];
  const subjects: LockedApplication[] = [];
  for (const application of applications) {
    const found = await readSubject(deps, { repository, application }, checkout, signal);
    if ('result' in found) settled.push(found);
    else subjects.push(found);
  }
  if (subjects.length > 0) {
    const at = await checkout.tree(signal);
    await removeRootPackage(at.tree);
    const digests = new Map(
      await Promise.all(
        subjects.map(async (subject) => [subject, await digestOfLockfile(at, subject)] as const),
      ),
    );
    const groups = Map.groupBy(subjects, (subject) => digests.get(subject));
    const audits = [...groups].map(([digest = '', members]) =>
      auditGroup(deps, { digest, members }, at, signal),
    );
    await Promise.allSettled(audits);
    settled.push(...(await Promise.all(audits)));
  }
  const order = ({ applications: [first = ''] }: Audit) => applications.indexOf(first);
  return settled.toSorted((a, b) => order(a) - order(b));
}

async function readSubject(
  { reader }: AuditDeps,
  request: Parameters<InputReader['read']>[0],
  checkout: Checkout,
  signal: AbortSignal,
): Promise<LockedApplication | Audit> {
  const { application } = request;
  const settle = (result: AuditResult): Audit => ({ applications: [application], result });
  try {
    const tree = async () => (await checkout.tree(signal)).tree;
    const { application: record } = await reader.read(request, tree);
    const { packageJson } = record.facts;
    if (!(packageJson?.hasProductionDependencies ?? false)) {
      return settle({ outcome: 'checked', packages: 0, vulnerabilities: [] });
    }
    const { locked } = planManager(record.facts);
    return locked ? { application, record } : settle(skipped(withoutLockfile));
  } catch (error) {
    signal.throwIfAborted();
    // Its build says the same, and what to do.
    if (error instanceof Failure) return settle(skipped(error.message));
    throw error;
  }
}

const withoutLockfile =
  'It has no lockfile, so nobody knows which versions it will get: commit one.';

function skipped(reason: string): AuditResult {
  return { outcome: 'skipped', reason };
}

interface Group {
  /** Of the lockfile that they have in common. */
  readonly digest: string;
  readonly members: readonly LockedApplication[];
}

async function auditGroup(
  deps: AuditDeps,
  { digest, members }: Group,
  at: CheckedOut,
  signal: AbortSignal,
): Promise<Audit> {
  const applications = members.map(({ application }) => application);
  const [subject] = members;
  if (subject === undefined) throw new Error('A group has at least one application.');
  // In another tree the same lockfile would be another question.
  const recent = reachesOut(subject.record) ? undefined : deps.recent;
  const known = recent?.find(digest);
  if (known !== undefined) return { applications, result: known };
  using _turn = await deps.auditTurns.take(signal);
  const result = await runAudit(deps, subject, at, signal);
  recent?.add(digest, result);
  return { applications, result };
}
