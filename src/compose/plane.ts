import type { Logger } from 'pino';
import type { BootstrapClient, Config } from '../config/parse-config.ts';

export interface OpenPlane extends AsyncDisposable {
  readonly port: number;
  /** Credentials that this start made: to be shown once. */
  readonly newClient: BootstrapClient | undefined;
}

export interface PlaneInput {
  readonly config: Config;
  readonly logger: Logger;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}
