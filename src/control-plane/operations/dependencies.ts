import type { AuditMode } from '../../core/audit.ts';
import type { Builder } from '../../ports/builder.ts';
import type { Clock } from '../../ports/clock.ts';
import type { EventBridge } from '../../ports/event-bridge.ts';
import type { EventBroker } from '../../ports/event-broker.ts';
import type { LogStore } from '../../ports/log-store.ts';
import type { Logger } from '../../ports/logger.ts';
import type { ProjectApi } from '../../ports/project-api.ts';
import type { PlatformRedirect, Runtime } from '../../ports/runtime.ts';
import type { Opener, Sealer } from '../../ports/secret-box.ts';
import type { Source } from '../../ports/source.ts';
import type { Store } from '../../ports/store.ts';

/** What operations are given. Unlike the API they may open secrets: scripts and API clients need them. */
export interface OperationDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly logger: Logger;
  readonly source: Source;
  readonly builder: Builder;
  /** Scripts only: instances belong to the data plane. */
  readonly runtime: Pick<Runtime, 'runOnce'>;
  readonly secrets: Sealer & Opener;
  readonly logs: LogStore;
  readonly events: Pick<EventBroker, 'removeTopic'>;
  /** Where others publish events for the connectors. Absent: to Berth, or not at all. */
  readonly bridge?: Pick<EventBridge, 'project' | 'ensureTopic' | 'removeTopic'>;
  /** Where the connectors' own API clients are made. Absent: in Berth itself. */
  readonly projectApi?: ProjectApi;
  /** What the connectors of a project get instead of an API client of their own. */
  readonly suppliedApiClient?: SuppliedApiClient;
  readonly platform?: PlatformRedirect;
  readonly addressing: Addressing;
  /** What vulnerable dependencies do to previews and publishes. */
  readonly audit: AuditMode;
  readonly startupTimeoutMs: number;
  /**
   * How long everything must stay up before what served until then goes. Applications listen first and find out then that
   * a host or a credential of their new configuration is wrong: until here the others take over again.
   */
  readonly steadyMs: number;
  readonly scriptTimeoutMs: number;
  readonly drainMs: number;
  /** Of each Deployment. */
  readonly keepRevisions: number;
}

/** An API client that the operator has made, for whoever may not let Berth make any. */
export interface SuppliedApiClient {
  readonly projectKey: string;
  readonly id: string;
  readonly secret: string;
}

/** How applications are reached (design §5): by host name below a domain, or each by a loopback port of its own. */
export type Addressing =
  | { readonly kind: 'host'; readonly domain: string; readonly scheme: 'http' | 'https' }
  | { readonly kind: 'port'; readonly from: number; readonly to: number };
