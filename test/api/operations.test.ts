import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Berth, startBerth } from '../support/berth.ts';
import {
  deploy,
  draftOf,
  previewConnector,
  redeploy,
  settleDeployment,
} from '../support/deploy.ts';
import { type Gate, makeGate } from '../support/gate.ts';
import { createRepository, type TestRepository } from '../support/git-repository.ts';
import { tinyConnector } from '../support/tiny-connector.ts';
import { addProject, codesOf, expectErrors, tokenWith } from './support.ts';

let berth: Berth;
let repository: TestRepository;
let folder: string;
let gate: Gate;
let connector: Answer;
let deployment: Answer;

/** One worker, so that what comes second waits. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-operations-'));
  gate = makeGate(folder, 'post-deploy');
  [berth, repository] = await Promise.all([
    startBerth({ environment: { BERTH_WORKERS: '1' } }),
    createRepository({ files: tinyConnector({ app: {} }), tag: 'v1' }),
  ]);
  await repository.commit(
    tinyConnector({
      app: {
        spec: { scripts: { postDeploy: 'node post-deploy.cjs' } },
        files: { 'post-deploy.cjs': gate.program('') },
      },
    }),
    'slow',
  );
  connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
  deployment = await deploy(berth, draftOf(connector, { key: 'first' }));
});

afterAll(async () => {
  await berth?.[Symbol.asyncDispose]();
  await repository?.remove();
  await rm(folder, { recursive: true, force: true });
});

const get = (path: string, token?: string) =>
  berth.request('GET', `/${berth.projectKey}${path}`, undefined, token);
const kindsOf = ({ body }: Answer) => body.results.map(({ kind }: { kind: string }) => kind);

describe('an operation', () => {
  test('shows its steps with their times and what they report', async () => {
    const { body } = await get('/deployments/key=first/operations');
    const [operation] = body.results;

    expect(operation).toMatchObject({
      kind: 'deploy',
      state: 'succeeded',
      subject: { typeId: 'deployment', id: deployment.body.id },
      attempt: 1,
      entries: [{ type: 'Information', title: 'Deployment finished' }],
    });
    expect(operation.steps.map(({ name }: { name: string }) => name)).toEqual([
      'fetch-source',
      'reserve-addresses',
      'build/app',
      'propose-release',
      'await-healthy',
      'switch',
      'release-addresses',
      'post-deploy/app',
    ]);
    expect(operation.steps[0].entries[0].title).toBe('Connector source fetched');
    for (const { state, startedAt, finishedAt, durationMs } of operation.steps) {
      expect(state).toBe('succeeded');
      expect(Date.parse(finishedAt) - Date.parse(startedAt)).toBe(durationMs);
    }
    const titles = [...operation.steps, operation].flatMap(({ entries }) => entries);
    expect(titles).toEqual(deployment.body.details.build.report.entries);
    expect((await get(`/operations/${operation.id}`)).body).toEqual(operation);
  });

  test('of another project does not exist', async () => {
    const { body } = await get('/operations');
    const foreign = await addProject(berth, 'foreign-project');
    const path = `/foreign-project/operations/${body.results[0].id}`;
    const read = await berth.request('GET', path, undefined, foreign.token);
    const cancel = await berth.request('POST', `${path}/cancel`, undefined, foreign.token);
    const list = await berth.request(
      'GET',
      '/foreign-project/operations',
      undefined,
      foreign.token,
    );

    expectErrors(read, 404, ['ResourceNotFound']);
    expectErrors(cancel, 404, ['ResourceNotFound']);
    expect(list.body).toMatchObject({ total: 0, results: [] });
  });

  test('is seen with the scopes of what it works on', async () => {
    const ofDeployments = await tokenWith(berth, ['view_connectors_deployments']);
    const ofConnectors = await tokenWith(berth, ['view_connectors']);
    const deploys = await get('/operations', ofDeployments);
    const previews = await get('/operations', ofConnectors);

    expect(new Set(kindsOf(deploys))).toEqual(new Set(['deploy']));
    expect(new Set(kindsOf(previews))).toEqual(new Set(['preview']));
    const [{ id }] = previews.body.results;
    expect((await get(`/operations/${id}`, ofConnectors)).status).toBe(200);
    expectErrors(await get(`/operations/${id}`, ofDeployments), 403, ['AuthorizationError']);
    const manager = await tokenWith(berth, ['manage_connectors_deployments']);
    const path = `/${berth.projectKey}/operations/${id}/cancel`;
    expectErrors(await berth.request('POST', path, undefined, manager), 403, [
      'AuthorizationError',
    ]);
  });
});

describe('the list of operations', () => {
  test('is newest first, in pages, and can be filtered', async () => {
    await redeploy(berth, deployment);
    await settleDeployment(berth, deployment.body.id);
    const all = await get('/operations');

    expect(kindsOf(all)).toEqual(['redeploy', 'deploy', 'preview']);
    const page = await get('/operations?limit=1&offset=1');
    expect(page.body).toMatchObject({ limit: 1, offset: 1, count: 1, total: 3 });
    expect(kindsOf(page)).toEqual(['deploy']);
    expect(kindsOf(await get(`/operations?deploymentId=${deployment.body.id}`))).toEqual([
      'redeploy',
      'deploy',
    ]);
    expect(kindsOf(await get(`/operations?connectorId=${connector.body.id}`))).toEqual(['preview']);
    expect(kindsOf(await get('/operations?state=queued&state=running'))).toEqual([]);
    expect(kindsOf(await get('/operations?state=succeeded&limit=500'))).toHaveLength(3);
    expect(codesOf(await get('/operations?state=done&limit=-1'))).toEqual([
      'InvalidQueryParam',
      'InvalidQueryParam',
    ]);
  });
});

describe('while another one runs', () => {
  test('one that is queued is cancelled without running', async () => {
    const slow = await previewConnector(berth, { url: repository.url, tag: 'slow' });
    const running = await berth.request('POST', `/${berth.projectKey}/deployments`, draftOf(slow));
    await expect.poll(() => gate.arrivals(), { timeout: 60_000 }).toHaveLength(1);
    const queued = await redeploy(berth, await get(`/deployments/${deployment.body.id}`));
    expect(queued.body.status).toBe('Queued');
    const publish = await berth.request('POST', `/connectors/drafts/${connector.body.id}`, {
      version: connector.body.version,
      actions: [{ action: 'publish', certification: false }],
    });
    expect(publish.body.status).toBe('Processing');
    const [published] = (await get(`/operations?connectorId=${connector.body.id}`)).body.results;
    const cancel = (path: string) => berth.request('POST', `/${berth.projectKey}${path}/cancel`);

    const [redeployed, unpublished] = [
      await cancel(`/deployments/${deployment.body.id}`),
      await cancel(`/operations/${published.id}`),
    ];

    for (const answer of [redeployed, unpublished]) {
      expect(answer.status).toBe(202);
      expect(answer.body).toMatchObject({ state: 'cancelled', attempt: 0, steps: [] });
      expect(answer.body).not.toHaveProperty('startedAt');
    }
    expect((await get(`/deployments/${deployment.body.id}`)).body.status).toBe('Failed');
    expect((await fetch(deployment.body.applications[0].url)).status).toBe(200);
    const draft = await berth.request('GET', `/connectors/drafts/${connector.body.id}`);
    expect(draft.body.status).toBe('Failed');
    const other = await get(`/deployments/${running.body.id}/operations`);
    expect(other.body.results[0].steps.at(-1)).toMatchObject({
      name: 'post-deploy/app',
      state: 'running',
    });
    await gate.open();
    expect((await settleDeployment(berth, running.body.id)).body.status).toBe('Deployed');
  });
});
