import { fileURLToPath } from 'node:url';
import { dataLayout } from '../compose/data-layout.ts';
import type { Wrap } from '../compose/plane.ts';
import type { PlaneMessage, PlaneName } from '../compose/run-plane.ts';
import { supervise } from '../compose/supervise.ts';
import { type Config, parseConfig } from '../config/parse-config.ts';
import { forgetSecrets, readEnv, readOperatorEnvironment } from '../config/read-env.ts';
import { stopSignal } from './stop-signal.ts';

/**
 * `berth serve`: both planes, or one of them for whoever supervises them otherwise.
 * @param given.wrap comes between a plane and its ports, for tests
 */
export async function serve({
  plane,
  wrap,
}: {
  readonly plane?: PlaneName;
  readonly wrap?: Wrap;
}): Promise<void> {
  const config = parseConfig(readEnv());
  // The planes that are started from here need them; whatever else is started does not.
  const forPlanes = readOperatorEnvironment();
  forgetSecrets();
  const environment = plane === undefined ? forPlanes : readOperatorEnvironment();
  const stop = stopSignal();
  if (plane !== undefined) {
    const tell = (message: PlaneMessage): void => {
      if (process.connected) process.send?.(message);
      else if (message.kind === 'failed') fail(message.message);
    };
    const between = wrap === undefined ? {} : { wrap };
    // The supervisor has no use for what a plane is made of.
    const { runPlane } = await import('../compose/run-plane.ts');
    const started = await runPlane(plane, { config, environment, stop, tell, ...between });
    if (!started) process.exitCode = 1;
    if (process.connected) process.disconnect();
    return;
  }
  const program = fileURLToPath(new URL('./berth.ts', import.meta.url));
  const running = await supervise({ program, config, environment, stop }).catch((error: Error) => {
    if (!stop.aborted) fail(error.message);
    return undefined;
  });
  if (running === undefined) return;
  const at = (port: number): string => `http://${hostOf(config)}:${port}`;
  const { newClient } = running;
  if (newClient !== undefined) {
    say(
      `Made project "${newClient.projectKey}" with an API client, kept in ${dataLayout(config.dataDirectory).credentials}:`,
    );
    say(`  client id      ${newClient.clientId}`);
    say(`  client secret  ${newClient.clientSecret}`);
  }
  say(`Berth is ready: API ${at(running.apiPort)}, gateway ${at(running.gatewayPort)}`);
  if (running.pubsubPort !== undefined)
    say(
      `Events are taken over gRPC too: PUBSUB_EMULATOR_HOST=${hostOf(config)}:${running.pubsubPort}`,
    );
  await running.ended;
}

function hostOf({ host }: Config): string {
  return host.includes(':') ? `[${host}]` : host;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function fail(message: string): void {
  process.stderr.write(`berth: ${message}\n`);
  process.exitCode = 1;
}
