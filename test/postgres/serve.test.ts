import { expect, test } from 'vitest';
import { startBerth } from '../support/berth.ts';
import {
  deploy,
  draftOf,
  previewConnector,
  redeploy,
  settleDeployment,
} from '../support/deploy.ts';
import { createRepository } from '../support/git-repository.ts';
import { startPostgres } from '../support/postgres-server.ts';
import { startRequestLoop } from '../support/request-loop.ts';
import { tinyConnector } from '../support/tiny-connector.ts';

test('applications answer while the database is away, the API says so, and all goes on when it is back', {
  timeout: 240_000,
}, async () => {
  await using server = await startPostgres();
  await using berth = await startBerth({ environment: { BERTH_DATABASE_URL: server.url } });
  await using repository = await createRepository({ files: tinyConnector({ app: {} }), tag: 'v1' });
  const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
  const deployed = await deploy(berth, draftOf(connector));
  expect(deployed.body.status).toBe('Deployed');
  const path = `/${berth.projectKey}/deployments/${deployed.body.id}`;
  const statusOf = async () => (await berth.request('GET', path)).status;
  const requests = startRequestLoop(deployed.body.applications[0].url);

  await server.stop();
  await expect.poll(statusOf, { timeout: 60_000 }).toBe(503);
  const answered = requests.answered;
  const more = expect.poll(() => requests.answered, { timeout: 60_000 });
  await more.toBeGreaterThan(answered + 100);
  // Each process notices by itself, at the latest when it looks the next time.
  const said = (text: string) => berth.output.filter((line) => line.includes(text)).length;
  const saidBy = (text: string) => expect.poll(() => said(text), { timeout: 60_000 });
  await saidBy('the database went away').toBe(2);

  await server.start();
  await expect.poll(statusOf, { timeout: 60_000 }).toBe(200);
  const accepted = await redeploy(berth, deployed);
  expect(accepted.status).toBe(201);
  expect((await settleDeployment(berth, deployed.body.id)).body).toMatchObject({
    status: 'Deployed',
    version: 2,
  });
  await saidBy('the database is back').toBe(2);
  // Nobody says it again and again.
  expect(said('the database went away')).toBe(2);
  expect(said('StoreUnavailable')).toBe(0);
  await requests.stop();
  expect(requests.failures).toEqual([]);
});
