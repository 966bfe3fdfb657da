import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type Config, parseConfig } from '../../config/parse-config.ts';
import { readEnv } from '../../config/read-env.ts';
import { settings } from '../../config/settings.ts';
import type { Show } from './show.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Beside what `berth serve` keeps in `./.berth`, which it must not touch. */
const dataDirectory = join('.berth', 'quickstart');

/** The operator's own settings, but for those that decide whether the example can be deployed and reached. */
export async function chooseSettings(
  given: Environment,
  show: Show,
): Promise<{ readonly config: Config; readonly environment: Environment }> {
  const wanted = {
    ...given,
    [settings.dataDirectory.variable]: given[settings.dataDirectory.variable] || dataDirectory,
    [settings.allowLocalRepositories.variable]: 'true',
    [settings.appsDomain.variable]: '',
    [settings.bootstrapProjectKey.variable]: '',
    [settings.bootstrapClientId.variable]: '',
    [settings.bootstrapClientSecret.variable]: '',
  };
  const { host, port, gatewayPort } = parseConfig(readEnv(wanted));
  const environment = {
    ...wanted,
    [settings.port.variable]: await freePort(host, port, 'the API', show),
    [settings.gatewayPort.variable]: await freePort(host, gatewayPort, 'the gateway', show),
  };
  return { config: parseConfig(readEnv(environment)), environment };
}

/** The port, or 0, which takes any. */
async function freePort(host: string, port: number, use: string, show: Show): Promise<string> {
  if (port === 0 || (await isFree(host, port))) return String(port);
  show.step({
    type: 'Warning',
    title: `Port ${port} is in use`,
    message: `Something else listens there, so ${use} takes a free one.`,
  });
  return '0';
}

async function isFree(host: string, port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return false;
    throw error;
  }
}
