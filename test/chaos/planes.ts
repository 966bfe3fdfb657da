import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PlaneName } from '../../src/compose/run-plane.ts';
import { type KeptPlane, keepPlane, pickPorts, planeSettings } from '../support/kept-plane.ts';

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
  /** kill -9. */
  kill(plane: PlaneName): void;
  /** Resolves when both are ready again. */
  ready(): Promise<void>;
}

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
    ...planeSettings({ dataDirectory, projectKey: 'chaos', client }),
    BERTH_TEST_FAULTS: faults,
    BERTH_DRAIN_SECONDS: '2',
    // What runs is counted: nobody sleeps when its plane comes back.
    BERTH_IDLE_SECONDS: '0',
    BERTH_APPS_PORTS: pickPorts(),
    ...environment,
  };
  const keep = (plane: PlaneName): KeptPlane => keepPlane(plane, { program, settings, output });
  const control = keep('control');
  const data = keep('data');
  const stop = async (): Promise<void> => {
    await Promise.all([control.stop(), data.stop()]);
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
      kill: (plane) => (plane === 'control' ? control : data).kill(),
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
