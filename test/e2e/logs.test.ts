import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openSqliteLogStore } from '../../src/drivers/log-store/sqlite/open-sqlite-log-store.ts';
import { type Berth, startBerth } from '../support/berth.ts';
import { deploy, draftOf, previewConnector } from '../support/deploy.ts';
import { openEventStream, type StreamEvent } from '../support/event-stream.ts';
import { createRepository } from '../support/git-repository.ts';
import { readValue, startLogCollector } from '../support/log-collector.ts';
import { tinyConnector } from '../support/tiny-connector.ts';

const burst = 200_000;

/** Counts aloud all the time, and writes as fast as it can when it is asked to. */
const server = `
let tick = 0;
setInterval(() => console.log('tick ' + tick++), 5);
require('node:http').createServer((request, response) => {
  if (request.url.includes('burst')) {
    for (let line = 0; line < ${burst}; line++) process.stdout.write('burst ' + line + ' ' + 'x'.repeat(80) + '\\n');
  }
  response.end('done');
}).listen(8080);
`;

async function deployCounter(berth: Berth) {
  await using repository = await createRepository({
    files: tinyConnector({ app: { server } }),
    tag: 'v1',
  });
  const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
  return deploy(berth, draftOf(connector));
}

const tickOf = (text: unknown): number | undefined => {
  const [, tick] = /^tick (\d+)$/.exec(String(text)) ?? [];
  return tick === undefined ? undefined : Number(tick);
};

test('kill -9 of the control plane costs those nothing who follow the logs or are sent them', async () => {
  const collector = await startLogCollector();
  await using _collector = collector;
  await using berth = await startBerth({
    environment: {
      BERTH_OTLP_ENDPOINT: collector.endpoint,
      BERTH_OTLP_HEADERS: 'authorization=Bearer%20collector-secret',
    },
  });
  const { body } = await deployCounter(berth);
  const authorization = `Bearer ${await berth.token()}`;
  const path = `${berth.api}/${berth.projectKey}/deployments/${body.id}/logs/stream`;
  const seen: StreamEvent[] = [];
  let lastEventId: string | undefined;
  for (let visit = 0; visit < 4; visit += 1) {
    await expect
      .poll(
        async () => {
          const headers = {
            authorization,
            ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
          };
          using stream = await openEventStream(path, headers);
          await stream.count(100);
          if (visit < 3) await berth.kill('control');
          if (visit < 3) await stream.ended;
          seen.push(...stream.events);
          lastEventId = stream.lastEventId;
          return true;
        },
        { timeout: 120_000 },
      )
      .toBe(true);
  }
  const ticks = seen.map(({ data }) => tickOf(data.details?.message));
  const [first = 0] = ticks;
  expect(ticks.length).toBeGreaterThanOrEqual(400);
  expect(ticks).toEqual(Array.from({ length: ticks.length }, (_, index) => first + index));

  const last = first + ticks.length - 1;
  const exported = () =>
    new Set(collector.records().flatMap(({ record }) => tickOf(readValue(record.body)) ?? []));
  await expect.poll(() => exported().has(last), { timeout: 120_000 }).toBe(true);
  expect(ticks.filter((tick) => tick !== undefined && !exported().has(tick))).toEqual([]);
  expect(collector.mistakes).toEqual([]);
  expect(collector.requests[0]?.headers.authorization).toBe('Bearer collector-secret');
  expect(berth.output.join('\n')).not.toContain('collector-secret');
});

test('an application that writes as fast as it can loses no line', async () => {
  await using berth = await startBerth();
  const { body } = await deployCounter(berth);
  const [{ url }] = body.applications;
  expect((await fetch(`${url}?burst`)).status).toBe(200);
  await using logs = await openSqliteLogStore({ file: join(berth.dataDirectory, 'logs.db') });
  const found: number[] = [];
  let after = '0';
  await expect
    .poll(
      async () => {
        const page = await logs.follow({ deploymentId: body.id, after, limit: 1000 });
        after = page.next;
        for (const { entry } of page.arrivals) {
          const [, line] = /^burst (\d+) x{80}$/.exec(String(entry.details['message'])) ?? [];
          if (line !== undefined) found.push(Number(line));
        }
        return found.length;
      },
      { interval: 1, timeout: 120_000 },
    )
    .toBe(burst);
  expect(found).toEqual(Array.from({ length: burst }, (_, line) => line));
});
