import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Berth, startBerth } from '../support/berth.ts';
import {
  deploy,
  draftOf,
  previewConnector,
  redeploy,
  reportEntries,
  settleDeployment,
} from '../support/deploy.ts';
import { createRepository, type TestFiles } from '../support/git-repository.ts';
import { keys, tinyConnector } from '../support/tiny-connector.ts';

let berth: Berth;
beforeAll(async () => {
  berth = await startBerth();
});
afterAll(() => berth?.[Symbol.asyncDispose]());

async function previewOf(files: TestFiles) {
  await using repository = await createRepository({ files, tag: 'v1' });
  const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
  return connector;
}

const values = (names: readonly string[], print: (name: string) => string) =>
  names.map((key) => ({ key, value: print(key) }));

test('names that every object has are names like any other, all the way to the process', async () => {
  const standard = ['__proto__', 'constructor'];
  const secured = ['hasOwnProperty', 'prototype'];
  const applications = ['constructor', 'hasOwnProperty', 'node_modules'];
  const connector = await previewOf(
    tinyConnector(
      Object.fromEntries(applications.map((name) => [name, { spec: keys(standard, secured) }])),
    ),
  );

  const { body } = await deploy(
    berth,
    draftOf(connector, {
      configurations: applications.map((applicationName) => ({
        applicationName,
        standardConfiguration: values(standard, (key) => `${applicationName} ${key}`),
        securedConfiguration: values(secured, (key) => `${applicationName} ${key}`),
      })),
    }),
  );

  expect(body.status, JSON.stringify(body.details)).toBe('Deployed');
  for (const { applicationName, url } of body.applications) {
    for (const key of [...standard, ...secured]) {
      expect(await (await fetch(`${url}/env/${key}`)).text()).toBe(`${applicationName} ${key}`);
    }
  }
});

test('a configuration that grew too large for a process fails with the reason, and the old one serves on', async () => {
  const names = Array.from({ length: 45 }, (_, index) => `KEY_${index}`);
  const third = (from: number) => ({
    applicationName: 'shop',
    // A request holds a megabyte at most; together they are more than Linux hands to a process.
    standardConfiguration: values(names.slice(from, from + 15), () => 'x'.repeat(60_000)),
  });
  const connector = await previewOf(tinyConnector({ shop: { spec: keys(names) } }));
  let deployment = await deploy(berth, draftOf(connector, { configurations: [third(0)] }));
  const grow = async (from: number) => {
    const accepted = await redeploy(berth, deployment, { configurationValues: [third(from)] });
    expect(accepted.status).toBe(201);
    deployment = await settleDeployment(berth, accepted.body.id);
  };
  await grow(15);
  expect(deployment.body.status).toBe('Deployed');

  await grow(30);

  expect(deployment.body.status).toBe('Failed');
  expect(JSON.stringify(reportEntries(deployment))).toContain(
    'The configuration is too large for a process: shorten its longest values.',
  );
  expect((await fetch(deployment.body.applications[0].url)).status).toBe(200);
});
