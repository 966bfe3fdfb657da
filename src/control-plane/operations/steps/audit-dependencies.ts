import { type AuditMode, auditTitles, judgeAudits } from '../../../core/audit.ts';
import type { ConnectorSpec } from '../../../core/connector-spec.ts';
import { Failure } from '../../../core/failure.ts';
import type { PinnedRepository } from '../../../ports/source.ts';
import type { OperationDependencies } from '../dependencies.ts';
import type { OperationRun, StepScope } from '../operation-run.ts';

interface Subject {
  readonly repository: PinnedRepository;
  readonly spec: ConnectorSpec;
}

/** The part of hosted Connect's "SAST and SCA analysis" that a registry can answer (contract §7). */
export async function auditDependencies(
  deps: Pick<OperationDependencies, 'builder' | 'audit'>,
  run: OperationRun,
  subject: Subject,
): Promise<void> {
  await run.step(
    'audit',
    { failed: auditTitles.failed, starting: 'Checking dependencies' },
    (scope) => audit(deps, subject, scope),
  );
}

async function audit(
  {
    builder,
    audit: mode,
  }: { readonly builder: OperationDependencies['builder']; readonly audit: AuditMode },
  { repository, spec }: Subject,
  scope: StepScope,
): Promise<void> {
  if (mode === 'off') {
    scope.report('Information', auditTitles.skipped, 'BERTH_AUDIT is off.');
    return;
  }
  const applications = spec.applications.map(({ name }) => name);
  const audits = await builder.audit({ repository, applications }, { signal: scope.signal });
  const findings = judgeAudits(audits, mode);
  const failure = findings.find(({ type }) => type === 'Error');
  for (const finding of findings) {
    if (finding !== failure) scope.report(finding.type, finding.title, finding.message);
  }
  if (failure !== undefined) throw new Failure(failure.message ?? failure.title);
}
