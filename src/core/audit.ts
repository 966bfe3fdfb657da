import type { ReportEntry } from './report.ts';

/** What an audit of production dependencies found, for the applications that share a lockfile. */
export interface Audit {
  readonly applications: readonly string[];
  readonly result: AuditResult;
}

export type AuditResult =
  | {
      readonly outcome: 'checked';
      /** `npm 11.2.0`; absent where there was nothing to ask about. */
      readonly tool?: string;
      /** How many packages were asked about, where the tool says so. */
      readonly packages?: number;
      readonly vulnerabilities: readonly Vulnerability[];
    }
  /** Nobody can say anything about them: never the same as nothing found. */
  | {
      readonly outcome: 'skipped';
      readonly reason: string;
      /** The registry has said that it has no audits. Absent: another time it may. */
      readonly refused?: true;
    };

export const vulnerabilitySeverities = ['info', 'low', 'moderate', 'high', 'critical'] as const;
export type VulnerabilitySeverity = (typeof vulnerabilitySeverities)[number];

export interface Vulnerability {
  readonly package: string;
  readonly severity: VulnerabilitySeverity;
  readonly title: string;
  readonly url?: string;
  /** The versions that have it. */
  readonly range?: string;
  /** A version without it exists. */
  readonly hasFix: boolean;
}

/** What vulnerabilities do to a preview or publish. */
export type AuditMode = 'warn' | 'fail' | 'off';

type Finding = Pick<ReportEntry, 'type' | 'title' | 'message'>;

/**
 * The report entries of the audit, in hosted Connect's words (contract §3.5). What counts is what its scanner counts
 * (contract §8.2): high and critical, with a fix. Success is said only where every application was checked.
 */
export function judgeAudits(audits: readonly Audit[], mode: AuditMode): readonly Finding[] {
  const bad = audits.flatMap((audit) => {
    const found = countingOf(audit);
    return found.length === 0 ? [] : [{ audit, found }];
  });
  const skipped = audits.filter(({ result }) => result.outcome === 'skipped');
  const findings: Finding[] = [];
  if (bad.length > 0) {
    findings.push({
      type: mode === 'fail' ? 'Error' : 'Warning',
      title: mode === 'fail' ? auditTitles.failed : auditTitles.vulnerable,
      message: [
        ...bad.map(({ audit, found }) => describeVulnerabilities(audit, found)),
        'Update these packages and the lockfile, and set a new tag.',
        scope,
      ].join('\n'),
    });
  }
  if (skipped.length > 0) {
    findings.push({
      type: 'Information',
      title: auditTitles.skipped,
      message: [...audits.map(describeAudit), scope].join('\n'),
    });
  }
  if (findings.length > 0) return findings;
  const message = [...audits.map(describeAudit), scope].join('\n');
  return [{ type: 'Information', title: auditTitles.succeeded, message }];
}

export const auditTitles = {
  succeeded: 'SAST and SCA analysis check succeeded',
  skipped: 'SAST and SCA analysis check skipped',
  failed: 'SAST and SCA analysis check failed',
  vulnerable: 'SAST and SCA analysis check found vulnerabilities',
} as const;

const scope =
  'Only production dependencies are checked, against the advisories their registry knows. The source code is not analysed (no SAST).';

function countingOf({ result }: Audit): readonly Vulnerability[] {
  if (result.outcome === 'skipped') return [];
  return result.vulnerabilities.filter(
    ({ severity, hasFix }) => hasFix && (severity === 'high' || severity === 'critical'),
  );
}

function describeAudit(audit: Audit): string {
  const { result } = audit;
  const who = nameOf(audit);
  if (result.outcome === 'skipped') return `${who}: not checked. ${result.reason}`;
  if (result.tool === undefined) return `${who}: no production dependencies.`;
  const counting = countingOf(audit).length;
  const others = result.vulnerabilities.length - counting;
  const packages = result.packages === undefined ? 'packages' : `${result.packages} package(s)`;
  const found = counting === 0 ? 'nothing high or critical that has a fix' : `${counting} to mend`;
  const rest = others === 0 ? '' : `; ${others} other advisories (lesser ones, or without a fix)`;
  return `${who}: ${packages} checked with ${result.tool}, ${found}${rest}.`;
}

const maxListed = 20;

function describeVulnerabilities(audit: Audit, found: readonly Vulnerability[]): string {
  const worstFirst = found.toSorted(
    (a, b) =>
      vulnerabilitySeverities.indexOf(b.severity) - vulnerabilitySeverities.indexOf(a.severity),
  );
  const lines = worstFirst.slice(0, maxListed).map(describeVulnerability);
  const more = found.length - lines.length;
  return [
    `${nameOf(audit)}: ${found.length} high or critical with a fix.`,
    ...lines,
    ...(more > 0 ? [`- and ${more} more`] : []),
  ].join('\n');
}

function describeVulnerability({
  package: name,
  severity,
  title,
  url,
  range,
}: Vulnerability): string {
  const versions = range === undefined ? '' : ` ${range}`;
  return `- ${severity}: ${name}${versions}: ${title}${url === undefined ? '' : ` (${url})`}`;
}

function nameOf({ applications }: Audit): string {
  return applications.join(', ');
}
