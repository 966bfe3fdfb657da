import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Answer, startBerth } from '../support/berth.ts';
import {
  deploy,
  draftOf,
  previewConnector,
  redeploy,
  reportTitles,
  settle,
  settleDeployment,
  undeploy,
} from '../support/deploy.ts';
import { createRepository } from '../support/git-repository.ts';
import { tinyConnector } from '../support/tiny-connector.ts';
import { expectErrors } from './support.ts';

const files = (version: number) =>
  tinyConnector({ pictures: { type: 'assets', files: { 'public/version.txt': `${version}` } } });

test('as many revisions are kept as is set, with everything that a rollback to them needs', async () => {
  await using berth = await startBerth({
    environment: { BERTH_KEEP_REVISIONS: '2', BERTH_ARTIFACTS_MB: '0' },
  });
  await using repository = await createRepository({ files: files(1), tag: 'v1' });
  const staged = await previewConnector(berth, { url: repository.url, tag: 'v1' });
  const other = await deploy(berth, draftOf(staged));
  let deployment = await deploy(berth, draftOf(staged));
  const path = `/test-project/deployments/${deployment.body.id}`;
  const draft = `/connectors/drafts/${staged.body.id}`;
  const settled = async (answer: Answer) => {
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
    deployment = await settleDeployment(berth, deployment.body.id);
    expect(deployment.body.status, JSON.stringify(deployment.body.details)).toBe('Deployed');
  };
  const revisions = async () =>
    (await berth.request('GET', `${path}/revisions`)).body.results.map(
      ({ revision }: { revision: number }) => revision,
    );
  const rollBackTo = (revision: number) =>
    berth.request('POST', `${path}/rollback`, { version: deployment.body.version, revision });

  for (const version of [2, 3, 4]) {
    await repository.commit(files(version), `v${version}`);
    const { body } = await berth.request('GET', draft);
    await berth.request('POST', draft, {
      version: body.version,
      actions: [{ action: 'setRepository', tag: `v${version}` }, { action: 'updatePreviewable' }],
    });
    await settle(
      () => berth.request('GET', draft),
      ({ body }) => body.isPreviewable === 'true',
    );
    await settled(await redeploy(berth, deployment, { updateConnector: true }));
  }
  expect(await revisions()).toEqual([4, 3]);
  expectErrors(await rollBackTo(2), 404, ['ResourceNotFound']);

  const artifacts = () => readdir(join(berth.dataDirectory, 'builds', 'artifacts'));
  await expect.poll(artifacts, { timeout: 60_000 }).toHaveLength(3);
  await undeploy(berth, other.body.id);
  await expect.poll(artifacts, { timeout: 60_000 }).toHaveLength(2);

  await settled(await rollBackTo(3));
  expect(reportTitles(deployment)).toContain(
    'Application build taken from an earlier one (pictures)',
  );
  const { url } = deployment.body.applications[0];
  expect(await (await fetch(`${url}/version.txt`)).text()).toBe('3');
  // The one that it was rolled back to is there for as long as the Deployment names it.
  expect(await revisions()).toEqual([5, 4, 3]);
  await settled(await redeploy(berth, deployment));
  expect(await revisions()).toEqual([6, 5]);
}, 120_000);
