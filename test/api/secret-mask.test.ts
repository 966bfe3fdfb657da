import { expect, test } from 'vitest';
import { startBerth } from '../support/berth.ts';
import { deploy, previewConnector, redeploy, settleDeployment } from '../support/deploy.ts';
import { createRepository } from '../support/git-repository.ts';
import { globals, shopDraft, shopFiles, values } from './shop-connector.ts';

test('a mask may be as long as its secret, in answers of every kind, and sending it back changes nothing', async () => {
  await using berth = await startBerth({ environment: { BERTH_SECRET_MASK: 'same-length' } });
  await using repository = await createRepository({ files: shopFiles, tag: 'v1' });
  const shop = await previewConnector(berth, { url: repository.url, tag: 'v1' });
  const web = values('web', { NEEDED: 'yes' }, { TOKEN: 'Schlüssel 🔑', SPARE: '' });
  const made = await deploy(
    berth,
    shopDraft(shop, {
      configurations: [web],
      globalConfiguration: globals({ STREET: 'Quay' }, { SHARED: 'a longer shared secret' }),
    }),
  );
  const path = `/test-project/deployments/${made.body.id}`;
  const masked = [
    { key: 'TOKEN', value: '***********' },
    { key: 'SPARE', value: '' },
  ];
  const shared = [{ key: 'SHARED', value: '*'.repeat(22) }];

  const [list, revisions] = await Promise.all([
    berth.request('GET', '/test-project/deployments'),
    berth.request('GET', `${path}/revisions`),
  ]);
  for (const shown of [made.body, list.body.results[0], revisions.body.results[0]]) {
    expect(shown.applications[0].securedConfiguration).toEqual(masked);
    expect(shown.globalConfiguration.securedConfiguration).toEqual(shared);
  }

  const { applicationName, standardConfiguration, securedConfiguration } =
    made.body.applications[0];
  await redeploy(berth, made, {
    configurationValues: [{ applicationName, standardConfiguration, securedConfiguration }],
    globalConfiguration: made.body.globalConfiguration,
  });
  const after = await settleDeployment(berth, made.body.id);
  const { url } = after.body.applications[0];
  expect(await (await fetch(`${url}/env/TOKEN`)).text()).toBe('Schlüssel 🔑');
  expect(await (await fetch(`${url}/env/SHARED`)).text()).toBe('a longer shared secret');
});
