import { request } from 'node:http';
import type { HealthCheck } from '../../core/connector-spec.ts';
import type { LocalAddress } from '../../core/local-address.ts';
import { connectTo } from '../connections/connect-to.ts';

const probeTimeoutMs = 1000;

/** Whether something listens. Never judged by an answer: connectors answer 404 to what they do not know. */
export function isListening(address: LocalAddress): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTo(address).setTimeout(probeTimeoutMs);
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
  });
}

/** Contract §10, row 27: 2xx and 3xx are healthy; the path counts from the host's root. */
export function isHealthy(address: LocalAddress, check: HealthCheck): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = request(
      {
        ...address,
        createConnection: () => connectTo(address).setTimeout(check.timeoutSeconds * 1000),
        defaultPort: 80,
        path: check.path,
        timeout: check.timeoutSeconds * 1000,
      },
      (response) => {
        response.resume();
        const status = response.statusCode ?? 0;
        resolve(status >= 200 && status < 400);
      },
    );
    probe.once('error', () => resolve(false));
    probe.once('timeout', () =>
      probe.destroy(new Error('The health check did not answer in time')),
    );
    probe.end();
  });
}
