import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Berth, startBerth } from '../support/berth.ts';
import {
  deploy,
  draftOf,
  previewConnector,
  redeploy,
  reportEntries,
  reportTitles,
  settle,
  settleDeployment,
  undeploy,
} from '../support/deploy.ts';
import { createRepository, type TestRepository } from '../support/git-repository.ts';
import {
  keys,
  type TinyApplication,
  tinyConnector,
  tinyServer,
} from '../support/tiny-connector.ts';
import { globals, values } from './shop-connector.ts';
import { detailsOf, expectErrors, expectNobodyAnswers } from './support.ts';

/** Answers its version; `env/NAME` still tells a variable. */
const server = (version: string) =>
  `const version = '${version}';${tinyServer}`.replace(
    "answer(response, 200, process.env.VALUE ?? 'unset');\n})",
    'answer(response, 200, version);\n})',
  );
const web = (version: string): TinyApplication => ({
  server: server(version),
  spec: { ...keys(['VALUE', 'FAIL'], ['TOKEN']), scripts: { postDeploy: 'node -e 1' } },
});
const failing = (version: string): TinyApplication => ({
  ...web(version),
  server: `if (process.env.FAIL) process.exit(3);${server(version)}`,
});
const shared = { configuration: keys([], ['SHARED']).configuration };
const filesOne = tinyConnector(
  {
    web: web('one'),
    leaving: { server: server('leaves') },
    tick: { type: 'job', spec: { properties: { schedule: '0 3 * * *' } } },
  },
  shared,
);
const filesTwo = tinyConnector(
  {
    web: failing('two'),
    coming: { server: server('comes') },
    tick: { type: 'job', spec: { properties: { schedule: '0 3 * * *' } } },
  },
  shared,
);

let berth: Berth;
let repository: TestRepository;
let staged: Answer;

beforeAll(async () => {
  [berth, repository] = await Promise.all([
    startBerth({ environment: { BERTH_APPS_PORTS: '23600-23799' } }),
    createRepository({ files: filesOne, tag: 'v1' }),
  ]);
  await repository.commit(filesTwo, 'v2');
  staged = await previewConnector(berth, { url: repository.url, tag: 'v1' });
});

afterAll(async () => {
  await berth?.[Symbol.asyncDispose]();
  await repository?.remove();
});

const pathOf = ({ body }: Answer) => `/test-project/deployments/${body.id}`;
const ask = async (url: string, path = '') => (await fetch(`${url}${path}`)).text();
const applicationOf = ({ body }: Answer, name: string) =>
  body.applications.find((one: { applicationName: string }) => one.applicationName === name);
const revisionsOf = async (deployment: Answer) =>
  (await berth.request('GET', `${pathOf(deployment)}/revisions`)).body.results.map(
    ({ revision }: { revision: number }) => revision,
  );

async function change(deployment: Answer, action: object): Promise<Answer> {
  const answer = await redeploy(berth, deployment, { ...action });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return settleDeployment(berth, deployment.body.id);
}

function askForRollback(deployment: Answer, revision: number, more: object = {}) {
  const { version } = deployment.body;
  return berth.request('POST', `${pathOf(deployment)}/rollback`, { version, revision, ...more });
}

async function rolledBack(deployment: Answer, revision: number, more = {}): Promise<Answer> {
  const answer = await askForRollback(deployment, revision, more);
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return settleDeployment(berth, deployment.body.id);
}

async function changeTag(tag: string): Promise<void> {
  const path = `/connectors/drafts/${staged.body.id}`;
  const { body } = await berth.request('GET', path);
  await berth.request('POST', path, {
    version: body.version,
    actions: [{ action: 'setRepository', tag }, { action: 'updatePreviewable' }],
  });
  const after = await settle(
    () => berth.request('GET', path),
    ({ body }) => body.isPreviewable !== 'pending',
  );
  expect(after.body.isPreviewable, JSON.stringify(after.body.previewableReport)).toBe('true');
}

const valuesOne = [
  values('web', { VALUE: 'first' }, { TOKEN: 'first token' }),
  { ...values('tick'), schedule: '@every 9h' },
];

/** Of tag v1, then of tag v2 with other values and other applications. */
async function deployBoth(key: string): Promise<{ first: Answer; second: Answer }> {
  await changeTag('v1');
  const first = await deploy(
    berth,
    draftOf(staged, {
      key,
      configurations: [...valuesOne, values('leaving')],
      globalConfiguration: globals({}, { SHARED: 'first shared' }),
    }),
  );
  expect(first.body.status, JSON.stringify(first.body.details)).toBe('Deployed');
  await changeTag('v2');
  const second = await change(first, {
    updateConnector: true,
    configurationValues: [
      values('web', { VALUE: 'second' }, { TOKEN: 'second token' }),
      { ...values('tick'), schedule: '@every 8h' },
      values('coming'),
    ],
    globalConfiguration: globals({}, { SHARED: 'second shared' }),
  });
  expect(second.body.status, JSON.stringify(second.body.details)).toBe('Deployed');
  return { first, second };
}

describe('the revisions of a deployment', () => {
  const key = 'with-revisions';
  let second: Answer;

  beforeAll(async () => {
    ({ second } = await deployBoth(key));
  });

  test('are what was deployed, newest first, found by id and by key', async () => {
    const byId = await berth.request('GET', `${pathOf(second)}/revisions`);
    const byKey = await berth.request('GET', `/test-project/deployments/key=${key}/revisions`);

    expect(byId.status).toBe(200);
    expect(byKey.body).toEqual(byId.body);
    expect(byId.body).toMatchObject({ limit: 20, offset: 0, count: 2, total: 2 });
    const [newest, oldest] = byId.body.results;
    expect(newest).toMatchObject({
      revision: 2,
      connector: { id: staged.body.id, repository: { tag: 'v2' } },
      applications: [
        { applicationName: 'web', id: applicationOf(second, 'web').id },
        { applicationName: 'tick' },
        { applicationName: 'coming' },
      ],
    });
    expect(oldest).toEqual({
      revision: 1,
      connector: {
        ...second.body.connector,
        ...oldest.connector,
        repository: { url: repository.url, tag: 'v1' },
      },
      globalConfiguration: globals({}, { SHARED: '********' }),
      applications: [
        {
          id: applicationOf(second, 'web').id,
          ...values('web', { VALUE: 'first' }, { TOKEN: '********' }),
        },
        { id: applicationOf(second, 'tick').id, ...values('tick'), schedule: '@every 9h' },
        { id: expect.stringMatching(/^[0-9a-f-]{36}$/), ...values('leaving') },
      ],
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(JSON.stringify(byId.body)).not.toMatch(/first token|second token|shared"/);
  });

  test('come in pages', async () => {
    const page = async (query: string) => {
      const { body } = await berth.request('GET', `${pathOf(second)}/revisions?${query}`);
      const { results, ...rest } = body;
      return { ...rest, revisions: results.map((one: { revision: number }) => one.revision) };
    };
    expect(await page('limit=1')).toEqual({
      limit: 1,
      offset: 0,
      count: 1,
      total: 2,
      revisions: [2],
    });
    expect(await page('limit=5&offset=1')).toEqual({
      limit: 5,
      offset: 1,
      count: 1,
      total: 2,
      revisions: [1],
    });
    for (const query of ['limit=501', 'limit=-1', 'offset=10001', 'offset=x']) {
      const answer = await berth.request('GET', `${pathOf(second)}/revisions?${query}`);
      expectErrors(answer, 400, ['InvalidQueryParam']);
    }
  });

  test('are read one by one, and those that are not there are not found', async () => {
    const all = await berth.request('GET', `${pathOf(second)}/revisions`);
    for (const ref of [second.body.id, `key=${key}`]) {
      const path = `/test-project/deployments/${ref}/revisions`;
      const one = await berth.request('GET', `${path}/1`);
      expect([one.status, one.body]).toEqual([200, all.body.results[1]]);
      for (const number of ['0', '3', '999999999999999']) {
        const answer = await berth.request('GET', `${path}/${number}`);
        expectErrors(answer, 404, ['ResourceNotFound']);
        expect(answer.body.message).toContain(`Revision ${number} of Deployment with id=`);
      }
      for (const wrong of ['one', '-1', '1.5', '01', '1e3', '9'.repeat(16), '%20']) {
        const answer = await berth.request('GET', `${path}/${wrong}`);
        expectErrors(answer, 400, ['InvalidPathParam']);
        expect(detailsOf(answer)).toEqual(['revision: Must be the number of a revision']);
      }
    }
    const nowhere = '/test-project/deployments/key=nowhere/revisions';
    for (const path of [nowhere, `${nowhere}/1`]) {
      expectErrors(await berth.request('GET', path), 404, ['ResourceNotFound']);
    }
  });

  test('are not added by a deploy that fails, and go with the deployment', async () => {
    const { second: other } = await deployBoth('short-lived');
    const failed = await change(other, { configurationValues: [values('web', { FAIL: 'yes' })] });
    expect(failed.body).toMatchObject({ version: 3, status: 'Failed' });
    expect(await revisionsOf(other)).toEqual([2, 1]);

    await undeploy(berth, other.body.id);
    expectErrors(await berth.request('GET', `${pathOf(other)}/revisions`), 404, [
      'ResourceNotFound',
    ]);
    const configurations = [values('coming')];
    const again = await deploy(berth, draftOf(staged, { key: 'short-lived', configurations }));
    expect(await revisionsOf(again)).toEqual([1]);
    await undeploy(berth, again.body.id);
  });
});

describe('a rollback', () => {
  let first: Answer;
  let deployment: Answer;
  let urls: Readonly<Record<string, string>>;

  beforeAll(async () => {
    const both = await deployBoth('going-back');
    [first, deployment] = [both.first, both.second];
    urls = {
      web: applicationOf(first, 'web').url,
      leaving: applicationOf(first, 'leaving').url,
      coming: applicationOf(deployment, 'coming').url,
    };
    expect(await ask(urls['web'] ?? '')).toBe('two');
  });

  test('brings back code, values, secrets and applications, builds nothing, and keeps the URLs', async () => {
    const { web = '', leaving = '', coming = '' } = urls;
    await expectNobodyAnswers(leaving);
    // Neither the git host nor what was fetched from it is needed.
    await rm(join(berth.dataDirectory, 'sources'), { recursive: true, force: true });

    const path = `${pathOf(deployment)}/revisions/1/rollback`;
    const answer = await berth.request('POST', path, { version: 2 });
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
    expect(answer.body).toMatchObject({
      id: deployment.body.id,
      version: 3,
      status: 'Deploying',
      rollbackRevision: 1,
      connector: { repository: { tag: 'v1' } },
    });
    expect(answer.body.details.build.id).not.toBe(deployment.body.details.build.id);

    deployment = await settleDeployment(berth, deployment.body.id);
    expect(deployment.body, JSON.stringify(deployment.body.details)).toMatchObject({
      version: 3,
      status: 'Deployed',
      rollbackRevision: 1,
    });
    expect(deployment.body.connector).toEqual(first.body.connector);
    expect(deployment.body.applications).toEqual(first.body.applications);
    expect(deployment.body.globalConfiguration).toEqual(first.body.globalConfiguration);
    expect(await ask(web)).toBe('one');
    expect(await ask(web, '/env/VALUE')).toBe('first');
    expect(await ask(web, '/env/TOKEN')).toBe('first token');
    expect(await ask(web, '/env/SHARED')).toBe('first shared');
    expect(await ask(leaving)).toBe('leaves');
    await expectNobodyAnswers(coming);
  });

  test('says in its report what it took, and runs the scripts', () => {
    const titles = reportTitles(deployment);
    expect(titles).toContain('Rollback to revision 1');
    for (const name of ['web', 'leaving', 'tick'])
      expect(titles).toContain(`Application build taken from an earlier one (${name})`);
    expect(titles.filter((title) => /Application built|source fetched/.test(title))).toEqual([]);
    expect(titles).toContain('Script for "postDeploy" succeeded (web)');
    const removed = reportEntries(deployment).find(({ title }) => title === 'Application removed');
    expect(removed?.message).toBe('Revision 1 does not have "coming".');
  });

  test('is a revision itself, and what it left stays one', async () => {
    expect(await revisionsOf(deployment)).toEqual([3, 2, 1]);
    const path = `${pathOf(deployment)}/revisions`;
    const [one, three] = await Promise.all(
      [1, 3].map(async (number) => (await berth.request('GET', `${path}/${number}`)).body),
    );
    expect({ ...three, revision: 1, createdAt: one.createdAt }).toEqual(one);
  });

  test('can go forward again, by key and without scripts', async () => {
    const path = '/test-project/deployments/key=going-back/rollback';
    const answer = await berth.request('POST', path, {
      version: 3,
      revision: 2,
      skipScripts: true,
    });
    expect([answer.status, answer.body.rollbackRevision]).toEqual([201, 2]);
    deployment = await settleDeployment(berth, deployment.body.id);

    const { web = '', coming = '' } = urls;
    expect(await ask(web)).toBe('two');
    expect(await ask(web, '/env/TOKEN')).toBe('second token');
    expect(await ask(coming)).toBe('comes');
    expect(applicationOf(deployment, 'tick').schedule).toBe('@every 8h');
    expect(reportTitles(deployment).filter((title) => title.includes('postDeploy'))).toEqual([]);
  });

  test('builds what is missing of the commit it was pinned to', async () => {
    const artifacts = join(berth.dataDirectory, 'builds', 'artifacts');
    const before = await readdir(artifacts);
    await repository.commit(filesTwo, 'v1');
    await rm(artifacts, { recursive: true });
    deployment = await rolledBack(deployment, 1);

    expect(deployment.body.status, JSON.stringify(deployment.body.details)).toBe('Deployed');
    expect(await ask(urls['web'] ?? '')).toBe('one');
    expect(reportTitles(deployment)).toEqual(
      expect.arrayContaining(['Connector source fetched', 'Application built (web)']),
    );
    expect(before).toEqual(expect.arrayContaining(await readdir(artifacts)));
    await repository.tag('v1', { at: repository.firstCommit });
  });

  test('is forgotten by the next redeploy, which goes on from there', async () => {
    const { body } = await change(deployment, {
      configurationValues: [values('web', { VALUE: 'third' })],
    });
    deployment = await settleDeployment(berth, body.id);

    expect(body).not.toHaveProperty('rollbackRevision');
    expect(body).toMatchObject({ status: 'Deployed', connector: { repository: { tag: 'v1' } } });
    expect(await ask(urls['web'] ?? '', '/env/VALUE')).toBe('third');
    expect(await ask(urls['web'] ?? '', '/env/TOKEN')).toBe('first token');
  });

  test('to what runs already is refused, and says what to do', async () => {
    const { version, id } = deployment.body;
    const answer = await askForRollback(deployment, version);

    expectErrors(answer, 400, ['DeploymentRollbackNotAllowed']);
    expect(answer.body.message).toBe(
      `Deployment with id=${id} or key=going-back cannot be rolled back to revision ${version}: that is what it runs. Choose another revision, or redeploy it as it is.`,
    );
  });

  test('to a revision that is not there is not found', async () => {
    for (const revision of [0, deployment.body.version + 1]) {
      expectErrors(await askForRollback(deployment, revision), 404, ['ResourceNotFound']);
      const path = `${pathOf(deployment)}/revisions/${revision}/rollback`;
      const { version } = deployment.body;
      expectErrors(await berth.request('POST', path, { version }), 404, ['ResourceNotFound']);
    }
  });

  test('of another version is refused', async () => {
    const { version } = deployment.body;
    const answer = await askForRollback(deployment, 1, { version: version - 1 });

    expectErrors(answer, 409, ['ConcurrentModification']);
    expect(answer.body.errors[0]).toMatchObject({
      expectedVersion: version - 1,
      currentVersion: version,
    });
  });

  test('with wrong fields has each of them named', async () => {
    const path = `${pathOf(deployment)}/rollback`;
    const answer = await berth.request('POST', path, { version: '1', skipScripts: 'no' });

    expectErrors(answer, 400, Array(3).fill('InvalidJsonInput'));
    expect(
      detailsOf(answer)
        .map((detail) => detail.split(':')[0])
        .toSorted(),
    ).toEqual(['revision', 'skipScripts', 'version']);
  });

  test('is refused while the deployment is busy, and asked for twice happens once', async () => {
    const { version } = deployment.body;
    const answers = await Promise.all(
      [1, 2].map((revision) => askForRollback(deployment, revision)),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409]);
    const busy = await askForRollback(deployment, 99, { version: version + 1 });
    expectErrors(busy, 400, ['DeploymentInvalidStatusTransition']);
    deployment = await settleDeployment(berth, deployment.body.id);
    expect(deployment.body).toMatchObject({ version: version + 1, status: 'Deployed' });
  });

  test('mends a deployment whose redeploy has failed, also by going to what still runs', async () => {
    deployment = await rolledBack(deployment, 2);
    const { version } = deployment.body;
    const failed = await change(deployment, {
      configurationValues: [values('web', { FAIL: 'yes' }, { TOKEN: 'third token' })],
    });
    expect(failed.body).toMatchObject({ version: version + 1, status: 'Failed' });

    deployment = await rolledBack(failed, version);
    expect(deployment.body, JSON.stringify(deployment.body.details)).toMatchObject({
      version: version + 2,
      status: 'Deployed',
      rollbackRevision: version,
    });
    expect(await ask(urls['web'] ?? '', '/env/TOKEN')).toBe('second token');
  });
});
