import { type Deployment, type ReportEntry, reportOf } from './connect-client.ts';
import type { Finding } from './probe.ts';

/** How one connector did. */
export interface ConnectorResult {
  /** As the person named it. */
  readonly connector: string;
  readonly ok: boolean;
  /** Why it ended early, where it did. */
  readonly error?: string;
  readonly status: string;
  readonly applications: readonly ApplicationResult[];
  /** What scripts did to the platform, and everything else that belongs to no application alone. */
  readonly findings: readonly Finding[];
  readonly seconds: Readonly<Record<string, number>>;
  /** Of the preview, the deployment and the redeployment. */
  readonly report: readonly ReportEntry[];
  /** Last lines of the applications and of Berth itself; only where something failed. */
  readonly logs: readonly string[];
}

export interface ApplicationResult {
  readonly name: string;
  readonly type: string;
  /** How long it took, where the report says so. */
  readonly build: string;
  readonly postDeploy: 'ran' | 'failed' | '-';
  readonly probes: readonly Finding[];
}

/** What the reports of the preview and of a deployment say of one application. */
export function readApplicationResult(
  { applicationName, applicationType }: { applicationName: string; applicationType: string },
  deployment: Deployment,
  preview: readonly ReportEntry[] = [],
): ApplicationResult {
  const isOwn = ({ application }: ReportEntry) => application === applicationName;
  const own = reportOf(deployment).filter(isOwn);
  return {
    name: applicationName,
    type: applicationType,
    build: readBuild([...preview.filter(isOwn), ...own], deployment.status),
    postDeploy: applicationType === 'assets' ? '-' : readPostDeploy(own, deployment.status),
    probes: [],
  };
}

export function isSuccess(
  result: Pick<ConnectorResult, 'error' | 'findings' | 'applications'>,
): boolean {
  return (
    result.error === undefined &&
    isFine(result.findings) &&
    result.applications.every(
      ({ build, postDeploy, probes }) =>
        build !== 'failed' && postDeploy !== 'failed' && isFine(probes),
    )
  );
}

export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `\n  because: ${error.cause.message}` : '';
  return `${error.message}${cause}`;
}

function readBuild(own: readonly ReportEntry[], status: string): string {
  if (status !== 'Deployed' && own.some(({ type }) => type === 'Error')) return 'failed';
  const built = own.find(({ title }) => title === 'Application built');
  return /[\d.]+ s\b/.exec(built?.message ?? '')?.[0] ?? 'reused';
}

function readPostDeploy(
  own: readonly ReportEntry[],
  status: string,
): ApplicationResult['postDeploy'] {
  const entries = own.filter(({ title }) => /postDeploy/.test(title));
  if (entries.some(({ type }) => type !== 'Information')) return 'failed';
  const isUndefined = entries.some(({ title }) => /not defined/.test(title));
  return isUndefined || status !== 'Deployed' ? '-' : 'ran';
}

function isFine(findings: readonly Finding[]): boolean {
  return findings.every(({ problem }) => problem === undefined);
}
