import { expect, test } from 'vitest';
import { startBareUpstream } from './bare-upstream.ts';
import {
  addressOf,
  call,
  freePort,
  processes,
  routeTo,
  startGateway,
  startUpstream,
} from './support.ts';

async function answerFrom(
  target: Parameters<typeof routeTo>[0],
  limits: Parameters<typeof startGateway>[0] = {},
) {
  const gateway = await startGateway(limits);
  await gateway.applyRoutes([routeTo(target)]);
  const answer = await call({ port: gateway.port, method: 'POST', body: 'hello' });
  return { gateway, answer };
}

test('an application that is not available says why and when to come back', async () => {
  const { answer } = await answerFrom({ kind: 'unavailable', reason: 'It is being deployed.' });
  expect(answer.status).toBe(503);
  expect(answer.headers['retry-after']).toBe('5');
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  const message =
    'Application hello of deployment deployment-1 is not available: It is being deployed.';
  expect(answer.json()).toEqual({
    statusCode: 503,
    message,
    errors: [{ code: 'ServiceUnavailable', message }],
  });
});

test('a refused connection is a bad gateway', async () => {
  const { answer, gateway } = await answerFrom(processes([addressOf(await freePort())]));
  expect(answer.status).toBe(502);
  expect(answer.json().errors[0]?.code).toBe('BadGateway');
  expect(answer.json().message).toBe(
    'Application hello of deployment deployment-1 refused the connection.',
  );
  expect(gateway.inFlight('release-1')).toBe(0);
});

test('a connection closed before the answer is a bad gateway', async () => {
  const { address } = await startBareUpstream(({ socket }) => void socket.destroy());
  const { answer, gateway } = await answerFrom(processes([address]));
  expect(answer.status).toBe(502);
  expect(answer.json().message).toContain('closed the connection before it answered');
  expect(gateway.inFlight('release-1')).toBe(0);
});

test('an answer that is no HTTP is a bad gateway', async () => {
  const { address } = await startBareUpstream(({ socket }) => void socket.end('SSH-2.0\r\n\r\n'));
  const { answer } = await answerFrom(processes([address]));
  expect(answer.status).toBe(502);
  expect(answer.json().message).toContain('Application hello');
});

test('an application that does not answer in time is a gateway timeout', async () => {
  const upstream = await startUpstream((req) => void req.resume());
  const { answer, gateway } = await answerFrom(processes([upstream.address]), {
    limits: { answerMs: 200 },
  });
  expect(answer.status).toBe(504);
  expect(answer.json().errors[0]?.code).toBe('GatewayTimeout');
  expect(answer.json().message).toBe(
    'Application hello of deployment deployment-1 did not answer in time.',
  );
  expect(gateway.inFlight('release-1')).toBe(0);
});

test('a refused connection is tried at another instance, body and all', async () => {
  const alive = await startUpstream((req, res) => void req.pipe(res));
  const gateway = await startGateway();
  const dead = addressOf(await freePort());
  await gateway.applyRoutes([routeTo(processes([dead, alive.address]))]);
  for (let round = 0; round < 4; round++) {
    const answer = await call({ port: gateway.port, method: 'POST', body: 'hello' });
    expect([answer.status, answer.text]).toEqual([200, 'hello']);
  }
});

test('a request that has reached an instance is not sent again', async () => {
  let connections = 0;
  const { address } = await startBareUpstream(({ socket }) => {
    connections++;
    socket.destroy();
  });
  const { address: other } = await startBareUpstream(({ socket }) => {
    connections++;
    socket.destroy();
  });
  const { answer } = await answerFrom(processes([address, other]));
  expect([answer.status, connections]).toEqual([502, 1]);
});

test('an instance takes only so many requests at once', async () => {
  const upstream = await startUpstream((req, res) => {
    if (req.url === '/wait') res.flushHeaders();
    else res.end();
  });
  const gateway = await startGateway({ limits: { requestsPerInstance: 2, drainMs: 100 } });
  await gateway.applyRoutes([routeTo(processes([upstream.address]))]);
  const waiting = [1, 2].map(() =>
    call({ port: gateway.port, path: '/wait' }).catch(() => undefined),
  );
  await expect.poll(() => gateway.inFlight('release-1')).toBe(2);
  const answer = await call({ port: gateway.port });
  expect(answer.status).toBe(503);
  expect(answer.json().message).toContain('It is busy with 2 requests already.');
  await gateway[Symbol.asyncDispose]();
  await Promise.all(waiting);
});
