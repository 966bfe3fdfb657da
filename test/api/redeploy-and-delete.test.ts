import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Berth, startBerth } from '../support/berth.ts';
import {
  deploy,
  draftOf,
  previewConnector,
  redeploy,
  reportEntries,
  settle,
  settleDeployment,
  undeploy,
} from '../support/deploy.ts';
import { makeGate } from '../support/gate.ts';
import { createRepository, type TestRepository } from '../support/git-repository.ts';
import { makeTempFolder } from '../support/temp-folder.ts';
import { tinyConnector, tinyServer } from '../support/tiny-connector.ts';
import {
  globals,
  picturesDraft,
  shopDraft,
  shopFiles,
  values,
  webValues,
} from './shop-connector.ts';
import { detailsOf, expectErrors, expectNobodyAnswers } from './support.ts';

let berth: Berth;
let repository: TestRepository;
let shop: Answer;

beforeAll(async () => {
  [berth, repository] = await Promise.all([
    // One worker, so that a second operation has to wait; ports of its own, so that no other test takes a free one.
    startBerth({ environment: { BERTH_WORKERS: '1', BERTH_APPS_PORTS: '23400-23599' } }),
    createRepository({ files: shopFiles, tag: 'v1' }),
  ]);
  shop = await previewConnector(berth, { url: repository.url, tag: 'v1' });
});

afterAll(async () => {
  await berth?.[Symbol.asyncDispose]();
  await repository?.remove();
});

const pathOf = ({ body }: Answer) => `/test-project/deployments/${body.id}`;
const read = (deployment: Answer) => berth.request('GET', pathOf(deployment));
const remove = (deployment: Answer) => berth.request('DELETE', pathOf(deployment));
const update = (deployment: Answer, body: unknown) =>
  berth.request('POST', pathOf(deployment), body);
const ask = async ({ body }: Answer, path = '') =>
  (await fetch(`${body.applications[0].url}${path}`)).text();

/** What the application `web` has been given. */
async function environmentOf(deployment: Answer) {
  const names = ['NEEDED', 'NOTE', 'MODE', 'TOKEN', 'SPARE', 'PLACE', 'STREET', 'SHARED'];
  const asked = names.map(async (name) => [name, await ask(deployment, `/env/${name}`)]);
  return Object.fromEntries(await Promise.all(asked));
}

async function redeployed(deployment: Answer, action: object): Promise<Answer> {
  const answer = await redeploy(berth, deployment, { ...action });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return settleDeployment(berth, deployment.body.id);
}

/** All of them change the same deployment, each from where it is. */
describe('a redeploy', () => {
  let id: string;
  const now = () => berth.request('GET', `/test-project/deployments/${id}`);

  beforeAll(async () => {
    const made = await deploy(
      berth,
      shopDraft(shop, {
        configurations: [
          values('web', { NEEDED: 'yes', NOTE: 'first' }, { TOKEN: 'a token', SPARE: 'spare' }),
          values('pictures'),
        ],
      }),
    );
    expect(made.body.status, JSON.stringify(made.body.details)).toBe('Deployed');
    id = made.body.id;
  });

  test('raises the version at once and by one, and nothing else ever does', async () => {
    const before = await now();
    const answer = await redeploy(berth, before);

    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      id,
      version: before.body.version + 1,
      status: 'Deploying',
    });
    expect(answer.body.details.build.id).not.toBe(before.body.details.build.id);
    expect(answer.body.details.build.report.entries).toEqual([]);
    const { body } = await settleDeployment(berth, id);
    expect(body).toMatchObject({ version: before.body.version + 1, status: 'Deployed' });
    expect(body.applications).toEqual(before.body.applications);
  });

  test('changes the keys that it names and keeps all others', async () => {
    const changed = await redeployed(await now(), {
      configurationValues: [values('web', { NOTE: 'second', MODE: 'fancy' }, { SPARE: 'other' })],
      globalConfiguration: globals({ PLACE: 'Paris' }),
    });

    expect(changed.body.applications[0].standardConfiguration).toEqual([
      { key: 'NEEDED', value: 'yes' },
      { key: 'NOTE', value: 'second' },
      { key: 'MODE', value: 'fancy' },
    ]);
    expect(changed.body.globalConfiguration.standardConfiguration).toEqual([
      { key: 'STREET', value: 'Quay' },
      { key: 'PLACE', value: 'Paris' },
    ]);
    expect(await environmentOf(changed)).toEqual({
      NEEDED: 'yes',
      NOTE: 'second',
      MODE: 'fancy',
      TOKEN: 'a token',
      SPARE: 'other',
      PLACE: 'Paris',
      STREET: 'Quay',
      SHARED: 'shared secret',
    });
  });

  test.for([
    [
      'empty arrays',
      {
        configurationValues: [values('web'), { applicationName: 'pictures' }],
        globalConfiguration: globals(),
      },
    ],
    [
      'the masks that it has read',
      {
        configurationValues: [values('web', {}, { TOKEN: '********', SPARE: '***' })],
        globalConfiguration: globals({}, { SHARED: '********' }),
      },
    ],
  ] as const)('with %s changes nothing', async ([, action]) => {
    const before = await now();
    const environment = await environmentOf(before);
    const after = await redeployed(before, action);

    expect(after.body.applications).toEqual(before.body.applications);
    expect(await environmentOf(after)).toEqual(environment);
  });

  test('can empty an optional key, but not a required one', async () => {
    const emptied = await redeployed(await now(), {
      configurationValues: [values('web', { NOTE: '' })],
    });
    expect(await ask(emptied, '/env/NOTE')).toBe('');

    const refused = await redeploy(berth, emptied, {
      configurationValues: [values('web', { NEEDED: '' }, { TOKEN: '' })],
      globalConfiguration: globals({ STREET: '' }),
    });
    expectErrors(refused, 400, [
      'DeploymentEmptyRequiredGlobalConfigurationKey',
      'DeploymentEmptyRequiredApplicationConfigurationKey',
      'DeploymentEmptyRequiredApplicationConfigurationKey',
    ]);
    expect((await now()).body).toEqual(emptied.body);
  });

  test('of another version is refused, and says which one is there', async () => {
    const before = await now();
    const { version } = before.body;
    for (const sent of [version - 1, version + 1]) {
      const answer = await update(before, { version: sent, actions: [{ action: 'redeploy' }] });

      expectErrors(answer, 409, ['ConcurrentModification']);
      expect(answer.body.errors[0]).toMatchObject({
        expectedVersion: sent,
        currentVersion: version,
      });
      expect(answer.body.message).toBe(
        `Object id=${id} or key= has a different version than expected. Expected: ${sent} - Actual: ${version})`,
      );
    }
    expect((await now()).body).toEqual(before.body);
  });

  test('is done once where several ask for it at the same time', async () => {
    const before = await now();
    const answers = await Promise.all([1, 2, 3, 4].map(() => redeploy(berth, before)));

    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409, 409]);
    const settled = await settleDeployment(berth, id);
    expect(settled.body.version).toBe(before.body.version + 1);
  });

  test.for([
    ['no action', []],
    ['two actions', [{ action: 'redeploy' }, { action: 'redeploy' }]],
    ['another action', [{ action: 'setKey', key: 'other' }]],
    ['an action without a name', [{}]],
    ['an action of another type', ['redeploy']],
    ['flags that are no booleans', [{ action: 'redeploy', skipScripts: 'yes' }]],
  ] as const)('with %s is refused', async ([, actions]) => {
    const before = await now();
    const answer = await update(before, { version: before.body.version, actions });

    expectErrors(answer, 400, ['InvalidJsonInput']);
    expect(detailsOf(answer)[0]).toMatch(/^actions/);
  });

  test('names every application and key that cannot be changed', async () => {
    const before = await now();
    const refused = async (action: object, codes: readonly string[]) => {
      const answer = await redeploy(berth, before, { ...action });
      expectErrors(answer, 400, codes);
      return answer.body.message;
    };

    await refused({ configurationValues: [] }, ['DeploymentApplicationRequired']);
    await refused({ configurationValues: [values('nobody')] }, [
      'DeploymentUnknownApplicationConfiguration',
    ]);
    await refused(
      { configurationValues: [values('web', { TOKEN: 'x', OTHER: 'x' }, { NOTE: 'x' })] },
      Array(3).fill('DeploymentUnknownApplicationConfigurationKey'),
    );
    await refused(
      { globalConfiguration: globals({ SHARED: 'x' }, { PLACE: 'x' }) },
      Array(2).fill('DeploymentUnknownGlobalConfigurationKey'),
    );
    expect(
      await refused({ configurationValues: [values('tick')] }, [
        'DeploymentApplicationDoNotBelong',
      ]),
    ).toBe(`Deployment with id=${id} or key= does not include application: tick`);
    expect((await now()).body).toEqual(before.body);
  });

  test('that fails leaves what served before serving, and the next one mends it', async () => {
    const before = await redeployed(await now(), {
      configurationValues: [values('web', { NOTE: 'good' })],
    });
    const failed = await redeployed(before, {
      configurationValues: [values('web', { NOTE: 'crash' })],
    });
    expect(failed.body).toMatchObject({ status: 'Failed', version: before.body.version + 1 });
    expect(reportEntries(failed).some(({ type }) => type === 'Error')).toBe(true);
    expect(await ask(failed, '/env/NOTE')).toBe('good');

    const mended = await redeployed(failed, {
      configurationValues: [values('web', { NOTE: 'better' })],
    });
    expect(mended.body).toMatchObject({ status: 'Deployed', version: before.body.version + 2 });
    expect(await ask(mended, '/env/NOTE')).toBe('better');
  });

  test('by key is the same', async () => {
    const key = `by-key-${randomUUID()}`;
    const made = await deploy(berth, picturesDraft(shop, { key }));
    const answer = await berth.request('POST', `/test-project/deployments/key=${key}`, {
      version: 1,
      actions: [{ action: 'redeploy', skipScripts: true }],
    });

    expect([answer.status, answer.body.id]).toEqual([201, made.body.id]);
  });
});

describe('an override', () => {
  test('of a schedule or retry policy stays until another one comes', async () => {
    const backoff = { strategy: 'exponential-backoff', minBackoffSeconds: 1, maxBackoffSeconds: 2 };
    const made = await deploy(
      berth,
      shopDraft(shop, {
        configurations: [
          { ...values('tick'), schedule: '@every 9h' },
          { ...values('handler'), retryPolicy: backoff },
        ],
      }),
    );
    const kept = await redeployed(made, { configurationValues: [values('tick')] });
    const changed = await redeployed(kept, {
      configurationValues: [{ ...values('tick'), schedule: '0 4 * * *' }],
    });

    expect(kept.body.applications).toMatchObject([
      { schedule: '@every 9h' },
      { retryPolicy: backoff },
    ]);
    expect(changed.body.applications[0].schedule).toBe('0 4 * * *');
    await undeploy(berth, made.body.id);
  });
});

describe('a redeploy with a new version of the connector', () => {
  test('takes what has been previewed, in whole or not at all', async () => {
    const required = { key: 'FRESH', description: 'Is new', required: true };
    await using source = await createRepository({
      files: tinyConnector({ web: {}, old: {} }),
      tag: 'v1',
    });
    const staged = await previewConnector(berth, { url: source.url, tag: 'v1' });
    const made = await deploy(berth, draftOf(staged));
    const draft = () => berth.request('GET', `/connectors/drafts/${staged.body.id}`);
    const change = async (action: object) =>
      berth.request('POST', `/connectors/drafts/${staged.body.id}`, {
        version: (await draft()).body.version,
        actions: [action],
      });
    const spec = { configuration: { standardConfiguration: [required] } };
    await source.commit(tinyConnector({ web: { spec }, joined: {} }), 'v2');

    await change({ action: 'setRepository', tag: 'v2' });
    const unchecked = await redeploy(berth, made, { updateConnector: true });
    expectErrors(unchecked, 400, ['DeploymentConnectorUpdateFailure']);
    expect(unchecked.body.message).toContain('not previewable');

    await change({ action: 'updatePreviewable' });
    await settle(draft, ({ body }) => body.isPreviewable === 'true');
    const incomplete = await redeploy(berth, made, { updateConnector: true });
    expectErrors(incomplete, 400, ['DeploymentConnectorUpdateFailure']);
    expect(incomplete.body.message).toContain('FRESH');

    const withValues = { configurationValues: [values('web', { FRESH: 'new' }), values('joined')] };
    expectErrors(await redeploy(berth, made, withValues), 400, [
      'DeploymentUnknownApplicationConfigurationKey',
      'DeploymentUnknownApplicationConfiguration',
    ]);
    expect((await read(made)).body).toEqual(made.body);

    const changed = await redeployed(made, { updateConnector: true, ...withValues });
    expect(changed.body).toMatchObject({
      status: 'Deployed',
      connector: { version: (await draft()).body.version, repository: { tag: 'v2' } },
      applications: [
        { applicationName: 'web', url: made.body.applications[0].url },
        { applicationName: 'joined', url: expect.stringMatching(/./) },
      ],
    });
    expect(await ask(changed, '/env/FRESH')).toBe('new');
    await expectNobodyAnswers(made.body.applications[1].url);
    await undeploy(berth, made.body.id);
  });

  test('is not what happens without asking, even where a tag has been moved', async () => {
    const server = (text: string) => tinyServer.replace("?? 'unset');\n})", `?? '${text}');\n})`);
    await using source = await createRepository({
      files: tinyConnector({ web: { server: server('one') } }),
      tag: 'v1',
    });
    const staged = await previewConnector(berth, { url: source.url, tag: 'v1' });
    const made = await deploy(berth, draftOf(staged));
    await source.commit(tinyConnector({ web: { server: server('two') } }), 'v1');

    expect(await ask(made)).toBe('one');
    expect(await ask(await redeployed(made, {}))).toBe('one');
  });
});

describe('a busy deployment', () => {
  test('is neither redeployed nor deleted', async () => {
    const folder = await makeTempFolder();
    const [up, down] = [makeGate(folder, 'up'), makeGate(folder, 'down')];
    const files = tinyConnector({
      slow: {
        server: up.program(tinyServer),
        spec: { scripts: { preUndeploy: 'node leave.cjs' } },
        files: { 'leave.cjs': down.program('') },
      },
    });
    await using source = await createRepository({ files, tag: 'v1' });
    const staged = await previewConnector(berth, { url: source.url, tag: 'v1' });
    const create = (draft: unknown) => berth.request('POST', '/test-project/deployments', draft);
    const refusesAll = async (deployment: Answer, state: string) => {
      for (const answer of [await redeploy(berth, deployment), await remove(deployment)]) {
        expectErrors(answer, 400, ['DeploymentInvalidStatusTransition']);
        expect(answer.body.message).toBe(`Invalid status change: Already ${state}`);
      }
    };

    const deploying = await create(draftOf(staged));
    await expect.poll(() => up.arrivals(), { timeout: 60_000 }).toHaveLength(1);
    expect(deploying.body.status).toBe('Deploying');
    await refusesAll(deploying, 'deploying');
    const stale = await update(deploying, { version: 9, actions: [{ action: 'redeploy' }] });
    expectErrors(stale, 409, ['ConcurrentModification']);

    const queued = await create(picturesDraft(shop));
    expect([queued.status, queued.body.status]).toEqual([201, 'Queued']);
    await refusesAll(queued, 'queued');

    await up.open();
    expect((await settleDeployment(berth, deploying.body.id)).body.status).toBe('Deployed');
    const settled = await settle(
      () => read(queued),
      ({ body }) => !['Queued', 'Deploying'].includes(body.status),
    );
    expect(settled.body).toMatchObject({ status: 'Deployed', version: 1 });

    const undeploying = await remove(deploying);
    expect(undeploying.body).toMatchObject({ status: 'Undeploying', version: 2 });
    await refusesAll(undeploying, 'undeploying');
    await down.open();
    expect((await settleDeployment(berth, deploying.body.id)).status).toBe(404);
  });
});

describe('a deletion', () => {
  test('takes the deployment down and then away', async () => {
    const key = `gone-${randomUUID()}`;
    const made = await deploy(berth, shopDraft(shop, { key }));
    expect(made.body.status).toBe('Deployed');

    const answer = await remove(made);
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ id: made.body.id, key, status: 'Undeploying', version: 2 });
    expect((await settleDeployment(berth, made.body.id)).status).toBe(404);

    for (const ref of [made.body.id, `key=${key}`]) {
      const path = `/test-project/deployments/${ref}`;
      expectErrors(await berth.request('GET', path), 404, ['ResourceNotFound']);
      expectErrors(await berth.request('DELETE', path), 404, ['ResourceNotFound']);
    }
    const { body } = await berth.request('GET', '/test-project/deployments?limit=500');
    expect(JSON.stringify(body)).not.toContain(made.body.id);
    await expectNobodyAnswers(made.body.applications[0].url);
  });

  test('by key is the same', async () => {
    const key = `gone-${randomUUID()}`;
    const made = await deploy(berth, picturesDraft(shop, { key }));
    const answer = await berth.request('DELETE', `/test-project/deployments/key=${key}`);

    expect([answer.status, answer.body.id]).toEqual([202, made.body.id]);
    expect((await settleDeployment(berth, made.body.id)).status).toBe(404);
  });

  test('frees the key, and the next one of that key has the same URLs', async () => {
    const draft = shopDraft(shop, {
      key: `again-${randomUUID()}`,
      configurations: [webValues, values('pictures')],
    });
    const urls = ({ body }: Answer) => body.applications.map(({ url }: { url: string }) => url);
    const first = await deploy(berth, draft);
    await undeploy(berth, first.body.id);
    const second = await deploy(berth, draft);

    expect(second.body).toMatchObject({ status: 'Deployed', version: 1 });
    expect(second.body.id).not.toBe(first.body.id);
    expect(urls(second)).toEqual(urls(first));
    await undeploy(berth, second.body.id);
  });

  test('of a deployment that never ran is over at once', async () => {
    const failed = await deploy(
      berth,
      shopDraft(shop, {
        configurations: [values('web', { NEEDED: 'x', NOTE: 'crash' }, { TOKEN: 'x' })],
      }),
    );
    expect(failed.body).toMatchObject({ status: 'Failed', version: 1 });
    expect(failed.body.applications[0]).not.toHaveProperty('url');

    const answer = await remove(failed);
    expect(answer.status).toBe(200);
    expect(answer.body.id).toBe(failed.body.id);
    expectErrors(await read(failed), 404, ['ResourceNotFound']);
  });

  test('and a redeploy at the same time do not both happen', async () => {
    const crashing = values('web', { NEEDED: 'x', NOTE: 'crash' }, { TOKEN: 'x' });
    for (let round = 0; round < 3; round++) {
      const failed = await deploy(berth, shopDraft(shop, { configurations: [crashing] }));
      const answers = await Promise.all([redeploy(berth, failed), remove(failed)]);
      const accepted = answers.filter(({ status }) => status < 300);

      expect(accepted, JSON.stringify(answers.map(({ body }) => body))).toHaveLength(1);
      const { status } = await settleDeployment(berth, failed.body.id);
      expect(status).toBe(accepted[0]?.status === 201 ? 200 : 404);
    }
  });

  test('of a deployment whose last redeploy failed takes down what still serves', async () => {
    const made = await deploy(berth, shopDraft(shop));
    await redeployed(made, { configurationValues: [values('web', { NOTE: 'crash' })] });

    expect((await remove(made)).status).toBe(202);
    expect((await settleDeployment(berth, made.body.id)).status).toBe(404);
    await expectNobodyAnswers(made.body.applications[0].url);
  });

  test('is done once where several ask for it at the same time', async () => {
    const made = await deploy(berth, picturesDraft(shop));
    const answers = await Promise.all([1, 2, 3].map(() => remove(made)));

    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    for (const { status, body } of answers.filter((answer) => answer.status !== 202)) {
      expect([400, 404, 409], JSON.stringify(body)).toContain(status);
    }
    expect((await settleDeployment(berth, made.body.id)).status).toBe(404);
  });
});
