import type { buildConnector } from 'undici';
import type { LocalAddress } from '../../core/local-address.ts';
import { connectTo } from './connect-to.ts';

/** How a client of undici comes to an instance. */
export function connectorTo(address: LocalAddress): buildConnector.connector {
  return (_options, callback) => {
    const socket = connectTo(address);
    const fail = (error: Error): void => callback(error, null);
    socket.once('error', fail);
    socket.once('connect', () => {
      // From here on its client listens, and is to be called once.
      socket.off('error', fail).on('error', () => undefined);
      callback(null, socket);
    });
  };
}

/** Behind a socket the name says nothing. */
export function originOf(address: LocalAddress): string {
  if ('socketPath' in address) return 'http://localhost';
  const { host, port } = address;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
