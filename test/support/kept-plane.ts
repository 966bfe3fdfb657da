import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { PlaneName } from '../../src/compose/run-plane.ts';
import { passedSettings } from './passed-settings.ts';

/** One plane, a process of its own that is started again on the same port whenever it ends. */
export interface KeptPlane {
  /** How often it has ended by itself, or was killed. */
  readonly endings: number;
  /** Its port, when it is ready. */
  ready(): Promise<string>;
  /** kill -9. */
  kill(): void;
  stop(): Promise<void>;
}

const maxLines = 400;

export function keepPlane(
  plane: PlaneName,
  {
    program,
    settings,
    output,
  }: {
    readonly program: string;
    readonly settings: Readonly<Record<string, string>>;
    /** Takes what it writes to stderr lately, by line. */
    readonly output: string[];
  },
): KeptPlane {
  const variable = plane === 'control' ? 'BERTH_PORT' : 'BERTH_GATEWAY_PORT';
  let ready = Promise.withResolvers<string>();
  let port = '0';
  let endings = 0;
  let stopped = false;
  let ended = Promise.resolve();
  let signal = (_: NodeJS.Signals): void => {};

  const start = (): void => {
    const child = spawn(process.execPath, [program, 'serve', '--plane', plane], {
      env: { ...settings, [variable]: port },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    signal = (name) => void child.kill(name);
    createInterface({ input: child.stderr }).on('line', (line) => {
      output.push(line);
      if (output.length > maxLines) output.shift();
      const found = /"plane":"\w+".*"port":(\d+).*"msg":"ready"/.exec(line)?.[1];
      if (found === undefined) return;
      port = found;
      ready.resolve(found);
    });
    ended = new Promise((resolve) => {
      child.once('close', () => {
        resolve();
        if (stopped) return;
        endings++;
        if (port === '0') ready.reject(new Error(`The ${plane} plane ended before it was ready`));
        else {
          ready = Promise.withResolvers();
          start();
        }
      });
    });
  };
  start();
  return {
    get endings() {
      return endings;
    },
    ready: () => ready.promise,
    kill: () => signal('SIGKILL'),
    async stop() {
      stopped = true;
      ready.promise.catch(() => undefined);
      signal('SIGTERM');
      await ended;
    },
  };
}

/** What every plane of a test is started with. */
export function planeSettings({
  dataDirectory,
  projectKey,
  client,
}: {
  readonly dataDirectory: string;
  readonly projectKey: string;
  readonly client: { readonly id: string; readonly secret: string };
}): Readonly<Record<string, string>> {
  return {
    ...passedSettings(),
    PATH: process.env['PATH'] ?? '',
    HOME: process.env['HOME'] ?? '',
    BERTH_DATA_DIR: dataDirectory,
    BERTH_TOOLS_DIR: join(tmpdir(), 'berth-test-tools'),
    BERTH_BOOTSTRAP_PROJECT_KEY: projectKey,
    BERTH_BOOTSTRAP_CLIENT_ID: client.id,
    BERTH_BOOTSTRAP_CLIENT_SECRET: client.secret,
    BERTH_RATE_LIMIT_PER_MINUTE: '600000',
  };
}

/** For `BERTH_APPS_PORTS`: a range of its own, below those that the system gives to outgoing connections. */
export function pickPorts(count = 100): string {
  const from = 20_000 + 100 * Math.floor(Math.random() * 120);
  return `${from}-${from + count - 1}`;
}
