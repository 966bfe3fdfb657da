import { readFile } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import { type Config, isLoopback } from '../config/parse-config.ts';
import {
  operatorNpmrc,
  selectOperatorEnvironment,
} from '../drivers/builder/node/build-environment.ts';
import type { PortRange } from '../drivers/sandbox/network-rules.ts';

/**
 * Ports of this machine that connectors reach from networks of their own: the gateway, at which every application is public,
 * the operator's platform, registry and proxy where they are on this machine, and whatever the operator allows.
 */
export async function hostPortsOf(
  { apps, gatewayPort, platform, hostPorts }: Config,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<readonly PortRange[]> {
  const npmrc = operatorNpmrc(environment);
  const texts = [
    ...Object.values(selectOperatorEnvironment(environment)),
    ...(npmrc === undefined ? [] : [await readFile(npmrc, 'utf8').catch(() => '')]),
    ...(platform === undefined ? [] : [platform.apiUrl, platform.authUrl]),
  ];
  return [
    ...(apps.domain === undefined ? [apps.ports] : []),
    ...(gatewayPort === 0 ? [] : [just(gatewayPort)]),
    ...[...new Set(texts.flatMap(ownPorts))].map(just),
    ...hostPorts,
  ];
}

function just(port: number): PortRange {
  return { from: port, to: port };
}

/** Of the URLs in a text that lead to this machine. */
function ownPorts(text: string): readonly number[] {
  const urls = text.match(/\bhttps?:\/\/[^\s"',]+/g) ?? [];
  return urls.flatMap((one) => {
    const url = URL.parse(one);
    if (url === null || !isThisMachine(url.hostname.replace(/^\[|\]$/g, ''))) return [];
    return [Number(url.port) || (url.protocol === 'https:' ? 443 : 80)];
  });
}

function isThisMachine(host: string): boolean {
  if (isLoopback(host) || host === hostname().toLowerCase()) return true;
  const all = Object.values(networkInterfaces()).flatMap((infos) => infos ?? []);
  return all.some(({ address }) => address === host);
}
