import { expect, test } from 'vitest';
import { openHttpProjectApi } from '../../src/drivers/project-api/http/project-api.ts';
import { startBerth } from '../support/berth.ts';
import {
  deploy,
  draftOf,
  previewConnector,
  redeploy,
  reportEntries,
  settleDeployment,
  undeploy,
} from '../support/deploy.ts';
import {
  fakeProjectKey,
  privilegedClient,
  startFakePlatform,
} from '../support/fake-project-api.ts';
import { createRepository } from '../support/git-repository.ts';
import { tinyConnector } from '../support/tiny-connector.ts';

test('connectors get the API client that the operator supplies, and it outlives them', async () => {
  await using platform = await startFakePlatform();
  const ids = () => platform.apiClients().map(({ id }) => id);
  const { id, secret } = await openHttpProjectApi({
    apiUrl: platform.url,
    authUrl: platform.url,
    ...privilegedClient,
  }).createApiClient({
    projectKey: fakeProjectKey,
    name: 'made by hand',
    scopes: ['manage_orders'],
  });
  const before = ids();
  expect(before).toContain(id);
  const maker = {
    BERTH_PLATFORM_API_URL: platform.url,
    BERTH_PLATFORM_CLIENT_ID: privilegedClient.clientId,
    BERTH_PLATFORM_CLIENT_SECRET: privilegedClient.clientSecret,
  };
  const suppliedTo = (projectKey: string) => ({
    BERTH_CONNECTOR_CLIENT_PROJECT_KEY: projectKey,
    BERTH_CONNECTOR_CLIENT_ID: id,
    BERTH_CONNECTOR_CLIENT_SECRET: secret,
  });
  await using berth = await startBerth({
    projectKey: fakeProjectKey,
    environment: { ...maker, ...suppliedTo(fakeProjectKey) },
  });
  const files = tinyConnector({ app: {} }, { apiClient: { scopes: ['manage_orders'] } });
  await using repository = await createRepository({ files, tag: 'v1' });
  const staged = await previewConnector(berth, { url: repository.url, tag: 'v1' });

  const deployed = await deploy(berth, draftOf(staged));
  const variable = (name: string) =>
    fetch(`${deployed.body.applications[0].url}/env/${name}`).then((answer) => answer.text());
  expect(deployed.body.apiClient).toEqual({ name: id, scopes: ['manage_orders'] });
  expect(await variable('CTP_CLIENT_ID')).toBe(id);
  expect(await variable('CTP_CLIENT_SECRET')).toBe(secret);
  expect(await variable('CTP_SCOPE')).toBe(`manage_orders:${fakeProjectKey}`);
  expect(reportEntries(deployed)).toContainEqual(
    expect.objectContaining({ title: 'API client supplied' }),
  );
  expect(ids()).toEqual(before);
  expect(JSON.stringify(deployed.body)).not.toContain(secret);
  const stored = await berth.readRecords();
  expect(stored.includes(id)).toBe(true);
  expect(stored.includes(secret)).toBe(false);

  await undeploy(berth, (await deploy(berth, draftOf(staged))).body.id);
  expect(ids()).toEqual(before);

  // Of another project it is none of theirs: Berth makes one, and what was supplied is nobody's to delete.
  await berth.stop();
  await berth.start({ ...maker, ...suppliedTo('another-project') });
  const accepted = await redeploy(berth, deployed);
  const made = await settleDeployment(berth, accepted.body.id);
  expect(made.body.status, JSON.stringify(reportEntries(made))).toBe('Deployed');
  expect(ids()).toContain(made.body.apiClient.name);
  expect(platform.apiClients().length).toBe(before.length + 1);
  expect(await variable('CTP_CLIENT_SECRET')).not.toBe(secret);

  await undeploy(berth, made.body.id);
  expect(ids()).toEqual(before);
});
