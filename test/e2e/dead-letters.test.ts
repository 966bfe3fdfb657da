import { request } from 'node:http';
import { expect, test } from 'vitest';
import { startBerth } from '../support/berth.ts';
import { deploy, draftOf, previewConnector, readLog } from '../support/deploy.ts';
import { createRepository } from '../support/git-repository.ts';
import { tinyConnector } from '../support/tiny-connector.ts';

/** Refuses the first five deliveries, which are all that its policy grants, and then takes what comes. */
const refusing = `
let calls = 0;
require('node:http').createServer((incoming, response) => {
  incoming.resume().on('end', () => {
    calls += 1;
    console.log('call ' + calls);
    response.writeHead(calls > 5 ? 204 : 500).end();
  });
}).listen(8080);
`;

test('an event that used up its deliveries is listed, and arrives once it is delivered again', async () => {
  await using berth = await startBerth();
  const retryPolicy = {
    strategy: 'exponential-backoff',
    minBackoffSeconds: 1,
    maxBackoffSeconds: 1,
    maxAttempts: 5,
  };
  const files = tinyConnector({
    handler: { type: 'event', server: refusing, spec: { retryPolicy } },
  });
  await using repository = await createRepository({ files, tag: 'v1' });
  const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
  const { body } = await deploy(berth, draftOf(connector));
  const [{ topic }] = body.applications;
  const verb = (name: string) => `/v1/projects/test-project/topics/${topic}:${name}`;
  const letters = async () => {
    const path = `/test-project/deployments/${body.id}/dead-letters`;
    return (await berth.request('GET', path)).body.results;
  };
  const log = async () => JSON.stringify(await readLog(berth, body.id, 'handler'));

  const published = await berth.request('POST', verb('publish'), {
    messages: [{ data: btoa('an order') }],
  });
  const [messageId] = published.body.messageIds;
  await expect.poll(letters, { timeout: 60_000 }).toHaveLength(1);
  expect(await letters()).toMatchObject([
    { messageId, data: btoa('an order'), deliveryAttempts: 5, reason: 'It answered 500.' },
  ]);

  const again = await berth.request('POST', verb('redeliver'), { messageIds: [messageId] });
  expect(again.body).toEqual({ messageIds: [messageId], remaining: 0 });
  await expect.poll(log, { timeout: 60_000 }).toContain('call 6');
  expect(await letters()).toEqual([]);

  // Only Berth itself calls it: by its host name nobody does.
  expect(await statusAt(berth.gateway, `${topic}.europe-west1.gcp.example.com`)).toBe(404);
});

function statusAt(gateway: string, host: string): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  request(`${gateway}/`, { method: 'POST', headers: { host } }, (response) => {
    resolve(response.resume().statusCode);
  })
    .once('error', reject)
    .end();
  return promise;
}
