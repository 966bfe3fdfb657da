import type { Audit, AuditResult } from '../../../core/audit.ts';
import { Failure } from '../../../core/failure.ts';
import type { AuditRequest } from '../../../ports/builder.ts';
import { removeRootPackage } from './build-application.ts';
import type { CheckedOut, Checkout } from './checkout.ts';
import type { InputReader } from './inputs.ts';
import { digestOfLockfile, type LockedApplication, reachesOut } from './lockfile-digest.ts';
import { planManager } from './plan.ts';
import { type AuditRunDeps, runAudit } from './run-audit.ts';
import type { Turns } from './turns.ts';

export interface AuditDeps extends AuditRunDeps {
  readonly reader: InputReader;
  /** Apart from those of builds: an audit waits for the network, a build for the processor. */
  readonly auditTurns: Turns;
  readonly recent: RecentAudits;
}

/** What was found lately, by digest of the lockfile: a new tag mostly comes with the lockfile of the one before. */
export interface RecentAudits {
  get(digest: string): AuditResult | undefined;
  add(digest: string, result: AuditResult): void;
}

/** Vulnerabilities become known in hours and days. */
const recentMs = 10 * 60_000;
const mostRecent = 500;

export function createRecentAudits(now: () => number = () => performance.now()): RecentAudits {
  const known = new Map<string, { readonly result: AuditResult; readonly at: number }>();
  return {
    get(digest) {
      const found = known.get(digest);
      return found !== undefined && now() - found.at < recentMs ? found.result : undefined;
    },
    add(digest, result) {
      // Whatever kept it from an answer may be over the next time.
      if (result.outcome !== 'checked') return;
      if (known.size >= mostRecent) known.clear();
      known.set(digest, { result, at: now() });
    },
  };
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
    const audits = [...groups].map(([digest, members]) =>
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

async function auditGroup(
  deps: AuditDeps,
  group: { readonly digest: string | undefined; readonly members: readonly LockedApplication[] },
  at: CheckedOut,
  signal: AbortSignal,
): Promise<Audit> {
  const { digest = '', members } = group;
  const applications = members.map(({ application }) => application);
  const known = deps.recent.get(digest);
  if (known !== undefined) return { applications, result: known };
  const [subject] = members;
  if (subject === undefined) throw new Error('A group has at least one application.');
  using _turn = await deps.auditTurns.take(signal);
  const result = await runAudit(deps, subject, at, signal);
  // What it reaches of the rest of its repository is another at another commit.
  if (!reachesOut(subject)) deps.recent.add(digest, result);
  return { applications, result };
}
