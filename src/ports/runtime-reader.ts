import type { Release, ReleaseState } from '../core/release.ts';

/** What the data plane runs and reports. */
export interface RuntimeReader {
  release(id: string): Promise<Release | undefined>;
  releases(filter: {
    readonly states: readonly ReleaseState[];
    readonly deploymentId?: string;
  }): Promise<readonly Release[]>;
  /** What tells whether any of them is another one than it was, for those who look again and again. In the order of `releases`. */
  releaseMarks(filter: {
    readonly states: readonly ReleaseState[];
  }): Promise<readonly ReleaseMark[]>;
  /** Those that there are, in no order. */
  releasesById(ids: readonly string[]): Promise<readonly Release[]>;
  instances(filter: { readonly releaseId?: string }): Promise<readonly InstanceRecord[]>;
  addresses(): Promise<readonly Address[]>;
  address(hostLabel: string): Promise<Address | undefined>;
  /** The artifacts that releases in these states need. */
  releaseArtifacts(filter: {
    readonly states: readonly ReleaseState[];
  }): Promise<ReadonlySet<string>>;
  /** The artifacts that releases, revisions and staged connectors need, or that an open operation is about to use. */
  artifactKeys(): Promise<ReadonlySet<string>>;
}

/** What of a release changes while it lives, and whether its content was replaced. */
export interface ReleaseMark {
  readonly id: string;
  readonly state: ReleaseState;
  readonly routed: boolean;
  /** Another one after its applications or their values were replaced. */
  readonly edition: number;
}

/** One running copy, as the data plane sees it. */
export interface InstanceRecord {
  readonly id: string;
  readonly releaseId: string;
  readonly applicationName: string;
  readonly state: 'starting' | 'healthy' | 'failed';
  /** Why it failed, with its last lines. */
  readonly message?: string;
  readonly restarts: number;
  readonly updatedAt: number;
}

/** Where an application answers, derived from project, deployment and application name; outlives the Deployment. */
export interface Address {
  /** `service-4f0…`; the primary key. */
  readonly hostLabel: string;
  readonly projectKey: string;
  readonly deploymentId: string;
  readonly applicationName: string;
  /** Loopback port, where applications have ports of their own. */
  readonly port?: number;
  /** wanted: not listening yet. conflict: something else has the port. released: its Deployment is gone. */
  readonly state: 'wanted' | 'bound' | 'conflict' | 'released';
}
