import type { ApplicationType } from './application.ts';
import type { ConfigurationValue, SealedValue } from './configuration.ts';
import type { Region } from './connector.ts';
import type { HealthCheck, RetryPolicy } from './connector-spec.ts';
import type { RunPolicies } from './job-run.ts';
import type { Scaling } from './scaling.ts';

/**
 * candidate: its instances start, nothing is routed to it. current: answers requests, the newest one where a redeploy
 * hands over from another. draining: requests under way finish. What runs no more is forgotten: revisions remember.
 */
export const releaseStates = ['candidate', 'current', 'draining'] as const;
export type ReleaseState = (typeof releaseStates)[number];

/** Artifacts and configuration, immutable. Everything the data plane needs to run a Deployment. */
export interface Release {
  readonly id: string;
  readonly deploymentId: string;
  readonly projectKey: string;
  /** The Deployment's version. */
  readonly number: number;
  readonly state: ReleaseState;
  /** True once the gateway sends requests to it. */
  readonly routed: boolean;
  readonly region: Region;
  readonly applications: readonly ReleaseApplication[];
  readonly createdAt: number;
}

export interface ReleaseApplication extends RunPolicies {
  readonly id: string;
  readonly name: string;
  readonly type: ApplicationType;
  readonly artifactKey: string;
  readonly hostLabel: string;
  readonly port?: number;
  /** '' where the type has none. */
  readonly endpoint: string;
  readonly url?: string;
  readonly topic?: string;
  readonly schedule?: string;
  readonly healthCheck?: HealthCheck;
  readonly retryPolicy?: RetryPolicy;
  /** Absent: files only, or a release from before releases said so. */
  readonly scaling?: Scaling;
  /** The environment, complete; sealed values are opened only where the process starts. */
  readonly environment: ReleaseEnvironment;
}

export interface ReleaseEnvironment {
  readonly plain: readonly ConfigurationValue[];
  readonly sealed: readonly SealedValue[];
}
