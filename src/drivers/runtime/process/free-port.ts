import { once } from 'node:events';
import { createServer } from 'node:net';
import { RuntimeFailure } from '../../../core/failure.ts';

/**
 * A loopback port that nobody listens on right now and that `claim` accepts. Somebody may take it before the application
 * does; then that fails like any start and is tried again with another.
 */
export async function findFreePort(claim: (port: number) => boolean): Promise<number> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const port = await askForPort();
    if (claim(port)) return port;
  }
  throw new RuntimeFailure('Found no free port on 127.0.0.1.', {
    nextStep: 'Stop deployments that are not needed, or widen the range of local ports.',
  });
}

async function askForPort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
