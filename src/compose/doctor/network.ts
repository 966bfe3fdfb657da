import { createServer } from 'node:net';
import type { Config } from '../../config/parse-config.ts';
import { type Check, check, type Finding, missing, ok, warning } from './check.ts';

const area = 'network';

export function checkNetwork(
  config: Pick<Config, 'host' | 'port' | 'gatewayPort'>,
): Promise<Check>[] {
  const { host, port, gatewayPort } = config;
  return [
    check(area, 'API port', () => checkPort(host, port, 'BERTH_PORT', () => isBerth(host, port))),
    check(area, 'gateway port', () =>
      checkPort(host, gatewayPort, 'BERTH_GATEWAY_PORT', () => isBerth(host, port)),
    ),
  ];
}

async function checkPort(
  host: string,
  port: number,
  variable: string,
  isOwn: () => Promise<boolean>,
): Promise<Finding> {
  if (port === 0) return ok('any free one');
  const problem = await tryListen(host, port);
  if (problem === undefined) return ok(`${port} is free`);
  if (problem !== 'EADDRINUSE')
    return missing(
      `Cannot listen on ${host}:${port} (${problem})`,
      'Choose another BERTH_HOST or port.',
    );
  return (await isOwn())
    ? ok(`${port}: a Berth answers`)
    : missing(`${port} is taken by another program`, `Stop it, or choose another ${variable}.`);
}

function tryListen(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

const answerMs = 3_000;

async function isBerth(host: string, port: number): Promise<boolean> {
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  const origin = `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
  try {
    const answer = await fetch(`${origin}/healthz`, { signal: AbortSignal.timeout(answerMs) });
    return ((await answer.json()) as { status?: unknown }).status === 'ok';
  } catch {
    // Whoever has the port speaks something else.
    return false;
  }
}

/** What applications are reached by from outside. */
export function checkReach(config: Pick<Config, 'apps'>): Promise<Check> {
  return check(area, 'application URLs', async () => {
    const { domain, scheme, ports } = config.apps;
    return domain === undefined
      ? warning(
          `http://localhost:${ports.from} to ${ports.to}: only this machine reaches them`,
          'For a server set BERTH_APPS_DOMAIN; on a laptop that is as it should be.',
        )
      : ok(`${scheme}://….${domain}`);
  });
}
