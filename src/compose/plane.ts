import type { Logger } from 'pino';
import type { BootstrapClient, Config } from '../config/parse-config.ts';
import type { StoreObserver } from '../drivers/store/postgres/observer.ts';

export interface OpenPlane extends AsyncDisposable {
  readonly port: number;
  /** Where events are taken over gRPC. */
  readonly pubsubPort?: number;
  /** Credentials that this start made: to be shown once. */
  readonly newClient: BootstrapClient | undefined;
}

/** Comes between a plane and one of its ports. */
export type Wrap = <Part extends object>(port: PortName, part: Part) => Part;

export type PortName = 'store' | 'logs' | 'events' | 'runtime' | 'builder' | 'source';

export interface PlaneInput {
  readonly config: Config;
  readonly logger: Logger;
  /** Hears whether the database is there. */
  readonly storeObserver: StoreObserver;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** For tests, which make things go wrong there. Absent in operation. */
  readonly wrap?: Wrap;
}
