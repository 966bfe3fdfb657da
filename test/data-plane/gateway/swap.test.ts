import { createServer, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Target } from '../../../src/core/route-table.ts';
import { afterNextPoll } from '../../../src/data-plane/connections/http/after-poll.ts';
import { startBareUpstream } from './bare-upstream.ts';
import {
  addressOf,
  call,
  listenAnywhere,
  openCall,
  processes,
  readBody,
  routeTo,
  startGateway,
  startUpstream,
} from './support.ts';

test('fifty releases in a row drop no request', async () => {
  const gateway = await startGateway();
  let current = await startUpstream((_req, res) => void setImmediate(() => res.end('release-0')));
  await gateway.applyRoutes([routeTo(processes([current.address], 'release-0'))]);

  const stop = new AbortController();
  const seen = new Set<string>();
  let answered = 0;
  const ask = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const body = answered % 3 === 0 ? Buffer.alloc(50_000) : undefined;
      const method = body === undefined ? 'GET' : 'POST';
      const answer = await call({ port: gateway.port, method, ...(body && { body }) });
      expect(answer.status).toBe(200);
      seen.add(answer.text);
      answered++;
    }
  };
  const clients = Promise.all(Array.from({ length: 8 }, ask));

  for (let release = 1; release <= 50; release++) {
    const next = await startUpstream(
      (req, res) => void req.resume().once('end', () => res.end(`release-${release}`)),
    );
    await gateway.applyRoutes([routeTo(processes([next.address], `release-${release}`))]);
    await gateway.drained(`release-${release - 1}`);
    await current.stop();
    current = next;
    await vi.waitFor(() => expect(seen).toContain(`release-${release}`), {
      interval: 5,
      timeout: 60_000,
    });
  }
  stop.abort();
  await clients;
  expect(answered).toBeGreaterThan(200);
});

test('a request under way finishes on the release it began with', async () => {
  const finish = Promise.withResolvers<void>();
  const old = await startUpstream(async (_req, res) => {
    res.write('begun on the old, ');
    await finish.promise;
    res.end('ended on the old');
  });
  const young = await startUpstream((_req, res) => void res.end('young'));
  const gateway = await startGateway();
  await gateway.applyRoutes([routeTo(processes([old.address], 'old'))]);
  const response = await openCall({ port: gateway.port });

  await gateway.applyRoutes([routeTo(processes([young.address], 'young'))]);
  expect((await call({ port: gateway.port })).text).toBe('young');
  expect(gateway.inFlight('old')).toBe(1);
  let drained = false;
  const draining = gateway.drained('old').then(() => {
    drained = true;
  });
  expect(drained).toBe(false);

  finish.resolve();
  const text = (await response.toArray()).join('');
  expect(text).toBe('begun on the old, ended on the old');
  await draining;
  expect(gateway.inFlight('old')).toBe(0);
});

describe('a release that ends while it takes over', () => {
  test.for(['GET', 'HEAD', 'OPTIONS'])('costs no %s request', async (method) => {
    const { gateway } = await startHandOver(
      (socket) => void socket.once('data', () => socket.destroy()),
    );
    expect((await call({ port: gateway.port, method })).status).toBe(200);
    expect(gateway.inFlight('old')).toBe(0);
  });

  test('costs no request that it refuses', async () => {
    const { gateway, young, asked } = await startHandOver();
    await new Promise((resolve) => young.close(resolve));
    const answer = await call({ port: gateway.port, method: 'POST', body: 'hello' });
    expect([answer.status, asked]).toEqual([200, ['POST hello']]);
  });

  test('has perhaps done what a POST asked for: that is not asked again', async () => {
    const { gateway, asked } = await startHandOver(
      (socket) => void socket.once('data', () => socket.destroy()),
    );
    const answer = await call({ port: gateway.port, method: 'POST', body: 'hello' });
    expect([answer.status, asked]).toEqual([502, []]);
  });

  async function startHandOver(take: (socket: Socket) => void = () => {}) {
    const asked: string[] = [];
    const old = await startUpstream(async (req, res) => {
      asked.push(`${req.method} ${await readBody(req)}`);
      res.end();
    });
    const young = createServer(take);
    onTestFinished(() => void young.close());
    const before = { releaseId: 'old', instances: [old.address] };
    const target = processes([addressOf(await listenAnywhere(young))], 'young');
    const gateway = await startGateway();
    await gateway.applyRoutes([routeTo({ ...target, before } as Target)]);
    return { gateway, young, asked };
  }
});

test('a release nobody waits for is drained at once', async () => {
  const gateway = await startGateway();
  await gateway.drained('never-heard-of');
});

test('closing lets requests under way finish, and ends what takes too long', async () => {
  const finish = Promise.withResolvers<void>();
  const upstream = await startUpstream(async (req, res) => {
    res.flushHeaders();
    if (req.url === '/long') return;
    await finish.promise;
    res.end('finished');
  });
  const gateway = await startGateway({ limits: { drainMs: 300 } });
  await gateway.applyRoutes([routeTo(processes([upstream.address]))]);
  const short = await openCall({ port: gateway.port, path: '/short' });
  const long = await openCall({ port: gateway.port, path: '/long' });
  const cut = expect(long.toArray()).rejects.toThrow('aborted');

  const closed = gateway[Symbol.asyncDispose]();
  await expect(call({ port: gateway.port })).rejects.toThrow('ECONNREFUSED');
  finish.resolve();
  expect((await short.toArray()).join('')).toBe('finished');
  await cut;
  await closed;
});

test('a request that was not sent goes to whoever serves by now', async () => {
  const mayAnswer = Promise.withResolvers<void>();
  const old = await startBareUpstream(({ socket }) => {
    void mayAnswer.promise.then(() => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold');
      // Just when the next request gets the connection.
      afterNextPoll(() => socket.end());
    });
  });
  const next = await startUpstream((_req, res) => void res.end('new'));
  const gateway = await startGateway({ limits: { connectionsPerInstance: 1 } });
  await gateway.applyRoutes([routeTo(processes([old.address]))]);
  const answers = ['/a', '/b'].map((path) => call({ port: gateway.port, method: 'POST', path }));
  await expect.poll(() => gateway.inFlight('release-1')).toBe(2);
  await expect.poll(() => old.connections.length).toBe(1);
  await gateway.applyRoutes([routeTo(processes([next.address], 'release-2'))]);
  mayAnswer.resolve();
  expect((await Promise.all(answers)).map(({ text }) => text)).toEqual(['old', 'new']);
  expect(old.received().match(/POST/g)).toHaveLength(1);
});
