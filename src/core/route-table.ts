import type { LocalAddress } from './local-address.ts';

/** Who answers which URL. Immutable: a change makes a new table. */
export interface Route {
  readonly projectKey: string;
  readonly deploymentId: string;
  readonly applicationName: string;
  /** First label of the application's host name: `service-4f0…` (contract §5.3). */
  readonly hostLabel: string;
  /** The application's own port on loopback, where it has one. */
  readonly port?: number;
  /** Callers are the platform's own events and jobs; whoever comes by the host name finds nobody. */
  readonly platformOnly: boolean;
  readonly target: Target;
}

export type Target =
  | {
      readonly kind: 'process';
      readonly releaseId: string;
      /** None: it sleeps or starts, and whoever asks waits for it. */
      readonly instances: readonly InstanceAddress[];
      /** Nothing of it needs to run. */
      readonly sleeps?: true;
      /** What served until now, while the release takes over: for requests that the release lets fall. */
      readonly before?: ServedBefore;
    }
  | {
      readonly kind: 'files';
      readonly releaseId: string;
      readonly directory: string;
      readonly singlePage: boolean;
    }
  /** Known, but nothing answers yet or any more. */
  | { readonly kind: 'unavailable'; readonly reason: string };

export interface ServedBefore {
  readonly releaseId: string;
  readonly instances: readonly InstanceAddress[];
}

export type InstanceAddress = LocalAddress & { readonly instanceId: string };

export type RouteTable = readonly Route[];
