import { createServer } from 'node:net';
import { expect, test, vi } from 'vitest';
import {
  call,
  freePort,
  listenAnywhere,
  openSocket,
  processes,
  routeTo,
  startGateway,
  startUpstream,
} from './support.ts';

async function twoApplications() {
  const one = await startUpstream((_req, res) => void res.end('one'));
  const two = await startUpstream((_req, res) => void res.end('two'));
  return [one, two] as const;
}

test('the first label of the host name decides, whatever follows it', async () => {
  const [one, two] = await twoApplications();
  const gateway = await startGateway();
  await gateway.applyRoutes([
    routeTo(processes([one.address]), { hostLabel: 'service-1' }),
    routeTo(processes([two.address]), { hostLabel: 'service-2' }),
  ]);
  const asked = async (host: string) =>
    (await call({ port: gateway.port, headers: { host } })).text;
  expect(await asked('service-1.europe-west1.gcp.example.com')).toBe('one');
  expect(await asked(`service-2.localhost:${gateway.port}`)).toBe('two');
  expect(await asked('SERVICE-2.EXAMPLE.COM:443')).toBe('two');
  expect(await asked('service-1')).toBe('one');
});

test('an unknown host is told that nobody answers there', async () => {
  const gateway = await startGateway();
  const answer = await call({ port: gateway.port, headers: { host: 'service-9.example.com' } });
  expect(answer.status).toBe(404);
  expect(answer.json()).toEqual({
    statusCode: 404,
    message: 'No application answers at service-9.example.com.',
    errors: [
      {
        code: 'ResourceNotFound',
        message: 'No application answers at service-9.example.com.',
      },
    ],
  });
  for (const host of ['localhost:4080', '[::1]:4080', '127.0.0.1', '']) {
    expect((await call({ port: gateway.port, headers: { host } })).status).toBe(404);
  }
});

test('what only the platform calls answers nobody by its host name', async () => {
  const upstream = await startUpstream((_req, res) => void res.end('job'));
  const gateway = await startGateway();
  const route = routeTo(processes([upstream.address]), { hostLabel: 'job-1' });
  const headers = { host: 'job-1.europe-west1.gcp.example.com' };
  await gateway.applyRoutes([route]);
  expect((await call({ port: gateway.port, headers })).status).toBe(200);
  await gateway.applyRoutes([{ ...route, platformOnly: true }]);
  expect((await call({ port: gateway.port, headers })).status).toBe(404);
  expect(gateway.log).toHaveLength(1);
});

test('the whole URL in the request line is taken as its path', async () => {
  const upstream = await startUpstream((req, res) => void res.end(req.url));
  const gateway = await startGateway();
  await gateway.applyRoutes([routeTo(processes([upstream.address]))]);
  const headers = { host: 'service-1.example.com' };
  const answerTo = async (path: string) => (await call({ port: gateway.port, path, headers })).text;
  expect(await answerTo('http://service-1.example.com/a/b?c=d')).toBe('/a/b?c=d');
  expect(await answerTo('http://service-1.example.com?c')).toBe('/?c');
  expect((await call({ port: gateway.port, path: '*', method: 'OPTIONS' })).status).toBe(400);
});

test('an application answers on its own port whatever the host name', async () => {
  const [one, two] = await twoApplications();
  const ports = [await freePort(), await freePort()] as const;
  const gateway = await startGateway();
  const outcomes = await gateway.applyRoutes([
    routeTo(processes([one.address]), { hostLabel: 'service-1', port: ports[0] }),
    routeTo(processes([two.address]), { hostLabel: 'service-2', port: ports[1] }),
  ]);
  expect(outcomes).toEqual(ports.map((port) => ({ port, state: 'bound' })));
  expect((await call({ port: ports[0], label: 'localhost' })).text).toBe('one');
  expect((await call({ port: ports[1], label: 'service-1' })).text).toBe('two');
});

test('a port stays open while the table names it and is free when it no longer does', async () => {
  const [one, two] = await twoApplications();
  const port = await freePort();
  const gateway = await startGateway();
  await gateway.applyRoutes([routeTo(processes([one.address]), { port })]);
  const socket = await openSocket(port);
  const ask = async (): Promise<string> => {
    const before = socket.received().length;
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await vi.waitFor(() => expect(socket.received().slice(before)).toMatch(/(one|two)/));
    return socket.received().slice(before);
  };
  expect(await ask()).toContain('one');
  await gateway.applyRoutes([routeTo(processes([two.address], 'release-2'), { port })]);
  expect(await ask()).toContain('two');
  await gateway.applyRoutes([]);
  await expect(call({ port })).rejects.toThrow('ECONNREFUSED');
});

test('a port that is taken is a conflict, and is bound once it is free', async () => {
  const [one] = await twoApplications();
  const squatter = createServer();
  const port = await listenAnywhere(squatter);
  const gateway = await startGateway();
  const table = [routeTo(processes([one.address]), { port })];
  expect(await gateway.applyRoutes(table)).toEqual([
    { port, state: 'conflict', reason: 'EADDRINUSE' },
  ]);
  expect((await call({ port: gateway.port })).text).toBe('one');
  await new Promise((resolve) => squatter.close(resolve));
  expect(await gateway.applyRoutes(table)).toEqual([{ port, state: 'bound' }]);
  expect((await call({ port })).text).toBe('one');
});

test("the gateway's own port is a conflict", async () => {
  const gateway = await startGateway();
  const [outcome] = await gateway.applyRoutes([routeTo(processes([]), { port: gateway.port })]);
  expect(outcome?.state).toBe('conflict');
});

test('tables are applied in the order they were given', async () => {
  const [one, two] = await twoApplications();
  const gateway = await startGateway();
  await Promise.all([
    gateway.applyRoutes([routeTo(processes([one.address]))]),
    gateway.applyRoutes([]),
    gateway.applyRoutes([routeTo(processes([two.address]))]),
  ]);
  expect((await call({ port: gateway.port })).text).toBe('two');
});
