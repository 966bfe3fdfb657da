import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { PlaneName } from '../../src/compose/run-plane.ts';
import { passedSettings } from '../support/passed-settings.ts';

const program = join(import.meta.dirname, 'faulty-berth.ts');

/** Both planes on one data directory, each started again at once when it ends: nothing is to be waited for but Berth itself. */
export interface Planes extends AsyncDisposable {
  readonly api: string;
  readonly dataDirectory: string;
  /** Where faults are armed. */
  readonly faults: string;
  readonly client: { readonly id: string; readonly secret: string };
  /** What they wrote to stderr lately, by line: for a person who asks why. */
  readonly output: readonly string[];
  /** How often the plane has ended by itself. */
  endings(plane: PlaneName): number;
  /** Resolves when both are ready again. */
  ready(): Promise<void>;
}

const maxLines = 400;

export async function startPlanes(
  environment: Readonly<Record<string, string>> = {},
): Promise<Planes> {
  const folder = await mkdtemp(join(tmpdir(), 'berth-chaos-'));
  const dataDirectory = join(folder, 'data');
  const faults = join(folder, 'faults');
  await mkdir(faults);
  const client = { id: 'chaos-client', secret: 'a-secret-of-the-chaos-client' };
  const output: string[] = [];
  const settings = {
    ...passedSettings(),
    PATH: process.env['PATH'] ?? '',
    HOME: process.env['HOME'] ?? '',
    BERTH_DATA_DIR: dataDirectory,
    BERTH_TEST_FAULTS: faults,
    BERTH_TOOLS_DIR: join(tmpdir(), 'berth-test-tools'),
    BERTH_BOOTSTRAP_PROJECT_KEY: 'chaos',
    BERTH_BOOTSTRAP_CLIENT_ID: client.id,
    BERTH_BOOTSTRAP_CLIENT_SECRET: client.secret,
    BERTH_DRAIN_SECONDS: '2',
    BERTH_RATE_LIMIT_PER_MINUTE: '600000',
    BERTH_APPS_PORTS: pickPorts(),
    ...environment,
  };
  const kept = (['control', 'data'] as const).map((plane) => keep(plane, settings, output));
  const [control, data] = kept as [Kept, Kept];
  const stop = async (): Promise<void> => {
    await Promise.all(kept.map((plane) => plane.stop()));
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const port = await control.ready();
    await data.ready();
    return {
      api: `http://127.0.0.1:${port}`,
      dataDirectory,
      faults,
      client,
      output,
      endings: (plane) => (plane === 'control' ? control : data).endings,
      ready: async () => {
        await Promise.all([control.ready(), data.ready()]);
      },
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw new Error(`Berth did not start:\n${output.join('\n')}`, { cause: error });
  }
}

interface Kept {
  readonly endings: number;
  /** Its port, when it is ready. */
  ready(): Promise<string>;
  stop(): Promise<void>;
}

function keep(
  plane: PlaneName,
  settings: Readonly<Record<string, string>>,
  output: string[],
): Kept {
  const variable = plane === 'control' ? 'BERTH_PORT' : 'BERTH_GATEWAY_PORT';
  let ready = Promise.withResolvers<string>();
  let port = '0';
  let endings = 0;
  let stopped = false;
  let ended = Promise.resolve();
  let terminate = (): void => {};

  const start = (): void => {
    const child = spawn(process.execPath, [program, 'serve', '--plane', plane], {
      env: { ...settings, [variable]: port },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    terminate = () => void child.kill('SIGTERM');
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
    async stop() {
      stopped = true;
      ready.promise.catch(() => undefined);
      terminate();
      await ended;
    },
  };
}

function pickPorts(): string {
  const from = 20_000 + 100 * Math.floor(Math.random() * 120);
  return `${from}-${from + 99}`;
}
