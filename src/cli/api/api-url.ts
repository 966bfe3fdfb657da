import type { Config } from '../../config/parse-config.ts';
import { Failure } from '../../core/failure.ts';

/** Nothing that a shell would read as anything but itself. */
const plainHost = /^(?:[\w.-]+|\[[\da-f:.]+\])$/i;

/** Where Berth's API is: as given, else where a Berth with these settings listens. */
export function chooseApiUrl(
  given: string | undefined,
  { host, port }: Pick<Config, 'host' | 'port'>,
): string {
  if (given !== undefined) return parseApiUrl(given);
  if (port === 0) {
    throw new Failure('BERTH_PORT is 0, so the port of the running Berth is not known.', {
      nextStep: 'Name it with --api-url. Berth printed it when it was ready.',
    });
  }
  return `http://${reachable(host)}:${port}`;
}

function parseApiUrl(given: string): string {
  const url = URL.parse(given);
  const isOrigin =
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    plainHost.test(url.hostname) &&
    [url.username, url.password, url.search, url.hash].every((part) => part === '') &&
    url.pathname === '/';
  if (!isOrigin) {
    throw new Failure('--api-url must be http:// or https:// with a host and maybe a port.', {
      nextStep: 'For example: --api-url https://berth.example.com',
    });
  }
  return url.origin;
}

/** An address to listen on that stands for every one of the machine is none to connect to. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
