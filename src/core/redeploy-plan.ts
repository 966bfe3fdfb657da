import { type ApplicationType, servingOf } from './application.ts';
import type { FieldChange } from './changed-fields.ts';
import { applicationNamed } from './configuration.ts';
import type { ConnectorSnapshot, Deployment } from './deployment.ts';

/** What a redeploy would do, told before it is done. */
export interface RedeployPlan {
  /** As it is now. */
  readonly deployment: Deployment;
  readonly connector: { readonly before: ConnectorSnapshot; readonly after: ConnectorSnapshot };
  readonly changes: PlannedChanges;
  readonly applications: readonly PlannedApplication[];
}

/** Secrets and credentials as digests. */
export interface PlannedChanges {
  /** Values, schedules and policies. */
  readonly configuration: readonly FieldChange[];
  readonly connector: readonly FieldChange[];
  /** What `connect.yaml` says. */
  readonly specification: readonly FieldChange[];
}

export const buildOutcomes = ['reuse', 'build', 'fail', 'unknown'] as const;
export const instanceOutcomes = ['start', 'restart', 'stop', 'none'] as const;

export interface PlannedApplication {
  readonly name: string;
  /** That of the new version, if it has the application. */
  readonly type: ApplicationType;
  readonly change: 'added' | 'kept' | 'removed';
  /** Absent where it is removed. `unknown`: its source cannot be had now. */
  readonly build?: PlannedBuild;
  readonly instances: (typeof instanceOutcomes)[number];
  readonly scripts: readonly 'postDeploy'[];
}

export interface PlannedBuild {
  readonly outcome: (typeof buildOutcomes)[number];
  /** Why, for people. */
  readonly reasons: readonly string[];
}

/** Without what builds would do. Those that go are last. */
export function planApplications(
  before: Deployment,
  after: Deployment,
  { skipScripts }: { readonly skipScripts: boolean },
): readonly Omit<PlannedApplication, 'build'>[] {
  const runs = (type: ApplicationType | undefined) =>
    type !== undefined && servingOf(type) === 'process';
  const typeIn = ({ applications, connector }: Deployment, name: string) =>
    applications.some((one) => one.name === name)
      ? applicationNamed(connector.spec, name)?.type
      : undefined;
  const names = new Set([...after.applications, ...before.applications].map(({ name }) => name));
  return [...names].flatMap((name) => {
    const [was, is] = [typeIn(before, name), typeIn(after, name)];
    const type = is ?? was;
    if (type === undefined) return [];
    const scripts = applicationNamed(after.connector.spec, name)?.scripts;
    const hasScript = is !== undefined && scripts?.postDeploy !== undefined && !skipScripts;
    return {
      name,
      type,
      change: is === undefined ? 'removed' : was === undefined ? 'added' : 'kept',
      instances: runs(is) ? (runs(was) ? 'restart' : 'start') : runs(was) ? 'stop' : 'none',
      scripts: hasScript ? ['postDeploy'] : [],
    } as const;
  });
}
