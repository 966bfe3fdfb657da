import { pino } from 'pino';
import type { BootstrapClient, Config } from '../config/parse-config.ts';
import { describeFailure } from '../core/failure.ts';
import { OutageLog } from './outage-log.ts';
import type { OpenPlane, PlaneInput, Wrap } from './plane.ts';

export type PlaneName = 'control' | 'data';

/** What a plane tells the process that supervises it. */
export type PlaneMessage =
  | {
      readonly kind: 'ready';
      readonly port: number;
      readonly pubsubPort?: number;
      readonly newClient: BootstrapClient | undefined;
    }
  | { readonly kind: 'failed'; readonly message: string };

/** Neither reads what only the other needs. */
const planes: Record<PlaneName, (input: PlaneInput) => Promise<OpenPlane>> = {
  control: async (input) => (await import('./open-control-plane.ts')).openControlPlane(input),
  data: async (input) => (await import('./open-data-plane.ts')).openDataPlane(input),
};

/** Runs one plane until `stop` fires. @returns false where it could not start */
export async function runPlane(
  name: PlaneName,
  options: {
    readonly config: Config;
    readonly environment: Readonly<Record<string, string | undefined>>;
    readonly stop: AbortSignal;
    readonly tell: (message: PlaneMessage) => void;
    readonly wrap?: Wrap;
  },
): Promise<boolean> {
  const { config, environment, stop, wrap } = options;
  const destination = pino.destination({ fd: 2, sync: true });
  // Where nobody can take what Berth says, as a full disk, it goes on without saying it.
  destination.on('error', () => {});
  const outages = new OutageLog(() => Date.now());
  const logger = pino(
    {
      level: config.logLevel,
      base: { plane: name, pid: process.pid },
      hooks: {
        logMethod(args, method) {
          if (!outages.isToldAlready(args[0])) method.apply(this, args);
        },
      },
    },
    destination,
  );
  outages.logTo(logger);
  let plane: OpenPlane;
  try {
    plane = await planes[name]({
      config,
      logger,
      storeObserver: outages,
      environment,
      signal: stop,
      ...(wrap === undefined ? {} : { wrap }),
    });
  } catch (error) {
    if (stop.aborted) return true;
    logger.fatal({ err: error }, 'could not start');
    options.tell({ kind: 'failed', message: explainStart(error, name, config) });
    return false;
  }
  await using _ = plane;
  const { port, newClient } = plane;
  const ports = {
    port,
    ...(plane.pubsubPort === undefined ? {} : { pubsubPort: plane.pubsubPort }),
  };
  logger.info(ports, 'ready');
  options.tell({ kind: 'ready', ...ports, newClient });
  await aborted(stop);
  logger.info('stopping');
  return true;
}

function explainStart(error: unknown, name: PlaneName, config: Config): string {
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
    const [port, variable] =
      name === 'control' ? [config.port, 'BERTH_PORT'] : [config.gatewayPort, 'BERTH_GATEWAY_PORT'];
    return `Port ${port} is in use. End what listens there, or set ${variable} to another port (0 takes a free one).`;
  }
  return describeFailure(error);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
