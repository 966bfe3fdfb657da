import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { ConnectClient, LogEntry } from './connect-client.ts';
import { type ProbeContext, runProbe } from './probe.ts';

describe('probes', () => {
  test('compare status, text and headers of an answer', async () => {
    await using app = await startApplication();
    const ask = (path: string, more: object = {}) =>
      runProbe(
        { kind: 'http', request: { method: 'GET', path }, status: 200, ...more },
        app.context,
      );

    expect(await ask('/hello')).toEqual({ what: 'GET /hello → 200' });
    expect((await ask('/hello', { text: /bye/ })).problem).toBe('expected /bye/ in hello');
    expect((await ask('/hello', { headers: { 'x-app': /^no$/ } })).problem).toBe(
      'expected x-app: /^no$/, got yes',
    );
    expect((await ask('/other')).problem).toBe('expected 200, got 404: ');
  });

  test('want an application back after a crash', async () => {
    await using app = await startApplication();
    const probe = {
      kind: 'crash',
      request: { method: 'POST', path: '/crash' },
      afterwards: { request: { method: 'GET', path: '/hello' }, status: 200 },
    } as const;

    expect((await runProbe(probe, app.context)).problem).toBeUndefined();
    const harmless = { ...probe, request: { method: 'POST', path: '/other' } } as const;
    expect((await runProbe(harmless, app.context)).problem).toContain('which answered 404');
  });

  test('publish a message and read in the log how its delivery ended', async () => {
    await using app = await startApplication();
    const probe = { kind: 'message', name: 'm', data: { a: 1 }, status: [204] } as const;
    const published: unknown[] = [];
    const client = fakeConnect({ published, deliveryStatus: 204 });

    expect((await runProbe(probe, { ...app.context, client })).problem).toBeUndefined();
    expect(published).toEqual([
      {
        method: 'POST',
        path: '/v1/projects/p/topics/t:publish',
        body: { messages: [{ data: 'eyJhIjoxfQ==' }] },
        expected: [200],
      },
    ]);
    const refused = fakeConnect({ published, deliveryStatus: 500 });
    expect((await runProbe(probe, { ...app.context, client: refused })).problem).toBe(
      'expected 204, got 500',
    );
  });

  test('say what an application lacks', async () => {
    await using app = await startApplication();
    const context = { ...app.context, application: { applicationName: 'app' } };
    const request = { method: 'GET', path: '/' } as const;
    expect((await runProbe({ kind: 'http', request, status: 200 }, context)).problem).toBe(
      'the application has no URL',
    );
    expect((await runProbe({ kind: 'run', status: [200] }, context)).problem).toBe(
      'the application has no schedule',
    );
  });
});

async function startApplication() {
  const server = createServer((request, response) => {
    const isHello = request.url === '/hello';
    if (request.url === '/crash') request.destroy();
    else response.writeHead(isHello ? 200 : 404, { 'x-app': 'yes' }).end(isHello ? 'hello' : '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const context: ProbeContext = {
    client: fakeConnect({ published: [], deliveryStatus: 204 }),
    projectKey: 'p',
    deploymentId: 'd',
    application: { applicationName: 'app', url: `http://127.0.0.1:${port}/hello`, topic: 't' },
    signal: new AbortController().signal,
  };
  return {
    context,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A Connect API of two pages of log, which grows with each message. */
function fakeConnect(options: { published: unknown[]; deliveryStatus: number }): ConnectClient {
  const entry: LogEntry = {
    type: 'HTTP_REQUEST',
    applicationName: 'app',
    severity: 'INFO',
    timestamp: '2026-01-01T00:00:00.000Z',
    details: { status: options.deliveryStatus },
  };
  const log: LogEntry[] = [{ ...entry, details: { status: 418 } }];
  const call = async ({ method, path, ...rest }: { method: string; path: string }) => {
    if (method === 'POST') {
      options.published.push({ method, path, ...rest });
      log.push(entry);
      return {};
    }
    return path.includes('pageToken=')
      ? { data: log.slice(1), next: '' }
      : { data: log.slice(0, 1), next: '1' };
  };
  return {
    call: (request) => call(request) as Promise<never>,
    ask: async () => ({ status: 404, body: undefined }),
  };
}
