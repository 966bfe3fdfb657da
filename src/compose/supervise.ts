import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import type { BootstrapClient, Config } from '../config/parse-config.ts';
import { settings } from '../config/settings.ts';
import { backoffMs } from '../core/backoff.ts';
import type { PlaneMessage, PlaneName } from './run-plane.ts';

export interface Supervised {
  readonly apiPort: number;
  readonly gatewayPort: number;
  readonly pubsubPort: number | undefined;
  readonly newClient: BootstrapClient | undefined;
  /** Resolves when both planes have ended. */
  readonly ended: Promise<void>;
}

const restartBackoff = { first: 100, max: 10_000 };
/** A plane that ran this long has shown that it can. */
const stableMs = 30_000;

/**
 * Starts both planes, each a process of its own, and starts again whichever ends by itself. The other one never
 * notices: they meet only in the store.
 * @throws where a plane cannot start at all
 */
export async function supervise(options: {
  /** The program that runs a plane when given `serve --plane NAME`. */
  readonly program: string;
  readonly config: Config;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** A file that takes what the planes print. Absent: where this process prints. */
  readonly output?: number;
  readonly stop: AbortSignal;
}): Promise<Supervised> {
  const failed = new AbortController();
  const stop = AbortSignal.any([options.stop, failed.signal]);
  const control = keepPlane('control', { ...options, stop });
  const data = keepPlane('data', { ...options, stop });
  const ended = Promise.all([control.ended, data.ended]).then(async (wereClean) => {
    if (wereClean.every(Boolean)) return;
    // Hardly ever needed, and it would make every start slower.
    const { endAllLeftovers } = await import('./end-leftovers.ts');
    await endAllLeftovers(options.config);
  });
  try {
    const [api, gateway] = await Promise.all([control.ready, data.ready]);
    const { port: apiPort, pubsubPort, newClient } = api;
    return { apiPort, gatewayPort: gateway.port, pubsubPort, newClient, ended };
  } catch (error) {
    failed.abort();
    await ended;
    throw error;
  }
}

type Ready = Extract<PlaneMessage, { kind: 'ready' }>;

function keepPlane(
  name: PlaneName,
  options: Parameters<typeof supervise>[0],
): {
  readonly ready: Promise<Ready>;
  /** Whether it has stopped by itself what it ran. */
  readonly ended: Promise<boolean>;
} {
  const ready = Promise.withResolvers<Ready>();
  let wasReady: Ready | undefined;
  const keep = async (): Promise<boolean> => {
    let restarts = 0;
    let isClean = true;
    while (!options.stop.aborted) {
      const startedAt = Date.now();
      const { failure, ...end } = await runOnce(name, options, wasReady, (message) => {
        wasReady = message;
        ready.resolve(message);
      });
      isClean = end.isClean;
      if (options.stop.aborted) break;
      if (wasReady === undefined) {
        ready.reject(
          new Error(failure ?? `The ${name} plane ended before it was ready. Its log says more.`),
        );
        break;
      }
      restarts = Date.now() - startedAt > stableMs ? 1 : restarts + 1;
      await wait(backoffMs(restarts, restartBackoff), undefined, { signal: options.stop }).catch(
        () => {},
      );
    }
    return isClean;
  };
  // A stop before it was ready is no failure.
  const ended = keep().finally(() => ready.reject(new Error('Stopped before it was ready')));
  return { ready: ready.promise, ended };
}

/**
 * In MB. V8 takes up to 32 for them, twice, after a burst, and gives them back much later. With 4 the gateway would carry a tenth
 * fewer requests, with 8 as many as without a limit.
 */
const youngObjects: Readonly<Record<PlaneName, readonly string[]>> = {
  control: ['--max-semi-space-size=4'],
  data: ['--max-semi-space-size=8'],
};

/** From start to end. Ports that were chosen once stay: clients know them. */
async function runOnce(
  name: PlaneName,
  { program, config, environment, output, stop }: Parameters<typeof supervise>[0],
  chosen: Ready | undefined,
  isReady: (message: Ready) => void,
): Promise<{ readonly failure: string | undefined; readonly isClean: boolean }> {
  const child = fork(program, ['serve', '--plane', name], {
    env: {
      ...environment,
      BERTH_DATA_DIR: config.dataDirectory,
      ...(chosen === undefined ? {} : portsOf(name, chosen)),
    },
    execArgv: [...process.execArgv, ...youngObjects[name]],
    stdio: ['ignore', output ?? 'inherit', output ?? 'inherit', 'ipc'],
    // The terminal's signals come here only, so that closing it cannot kill a plane before it has stopped its work.
    detached: true,
  });
  let failure: string | undefined;
  child.on('message', (message: PlaneMessage) => {
    if (message.kind === 'ready') isReady(message);
    else failure = message.message;
  });
  const end = new Promise<boolean>((resolve) => {
    child.once('exit', (code) => resolve(code === 0));
    child.once('error', () => resolve(false));
  });
  const unlisten = stopWith(stop, child, config.drainMs);
  const isClean = await end;
  unlisten();
  return { failure, isClean };
}

function portsOf(name: PlaneName, { port, pubsubPort }: Ready): Record<string, string> {
  if (name === 'data') return { [settings.gatewayPort.variable]: String(port) };
  return {
    [settings.port.variable]: String(port),
    ...(pubsubPort === undefined ? {} : { [settings.pubsubPort.variable]: String(pubsubPort) }),
  };
}

/** Asks first. The planes stop applications, which may take as long as requests may drain, and then some. */
function stopWith(stop: AbortSignal, child: ChildProcess, drainMs: number): () => void {
  let force: NodeJS.Timeout | undefined;
  const ask = (): void => {
    child.kill('SIGTERM');
    force = setTimeout(() => child.kill('SIGKILL'), drainMs + 20_000);
  };
  if (stop.aborted) ask();
  stop.addEventListener('abort', ask, { once: true });
  return () => {
    clearTimeout(force);
    stop.removeEventListener('abort', ask);
  };
}
