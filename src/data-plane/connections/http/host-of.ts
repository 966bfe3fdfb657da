import type { LocalAddress } from '../../../core/local-address.ts';

/** What `Host` says to an instance that the platform itself calls. Behind a socket the name says nothing. */
export function hostOf(address: LocalAddress): string {
  if ('socketPath' in address) return 'localhost';
  const { host, port } = address;
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
