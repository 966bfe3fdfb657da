import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { isHealthy, isListening } from '../../../src/data-plane/instances/probe.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

const check = { path: '/', intervalSeconds: 1, timeoutSeconds: 1, unhealthyThreshold: 1 };

async function listen(server: Server) {
  const socketPath = join(await makeTempFolder(), 'socket');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  server.listen(socketPath);
  await once(server, 'listening');
  return { socketPath };
}

test('a health check that nobody answers is over after its time', async () => {
  const address = await listen(createServer(() => undefined));
  expect(await isListening(address)).toBe(true);
  expect(await isHealthy(address, check)).toBe(false);
});

test('a health check names the host as every caller at a socket', async () => {
  const hosts: unknown[] = [];
  const address = await listen(
    createServer((incoming, response) => {
      hosts.push(incoming.headers.host);
      response.end();
    }),
  );
  expect(await isHealthy(address, { ...check, timeoutSeconds: 30 })).toBe(true);
  expect(hosts).toEqual(['localhost']);
});
