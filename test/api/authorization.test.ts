import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ownScopes } from '../../src/control-plane/commands/identity.ts';
import { type Answer, type Berth, startBerth } from '../support/berth.ts';
import { deploy, draftOf, previewConnector } from '../support/deploy.ts';
import { createRepository, type TestRepository } from '../support/git-repository.ts';
import { tinyConnector } from '../support/tiny-connector.ts';
import { unknownId } from './bodies.ts';
import {
  addProject,
  expectErrors,
  publishConnector,
  type TestProject,
  tokenWith,
} from './support.ts';

let berth: Berth;
let repository: TestRepository;
let foreign: TestProject;
/** One of each kind, all of them of the Berth's own project. */
let staged: Answer;
let connector: Answer;
let deployment: Answer;
let apiClientId: string;

beforeAll(async () => {
  [berth, repository] = await Promise.all([
    startBerth({ environment: { BERTH_OPEN_PUBLISHING: 'false' } }),
    createRepository({ files: tinyConnector({ handler: { type: 'event' } }), tag: 'v1' }),
  ]);
  const source = { url: repository.url, tag: 'v1' };
  foreign = await addProject(berth, 'foreign-project');
  staged = await previewConnector(berth, source, { key: 'own-draft' });
  connector = await publishConnector(berth, staged);
  deployment = await deploy(berth, draftOf(staged, { key: 'own-deployment' }));
  const clients = await berth.request('GET', '/test-project/api-clients');
  apiClientId = clients.body.results[0].id;
});

afterAll(async () => {
  await berth?.[Symbol.asyncDispose]();
  await repository?.remove();
});

describe('another project', () => {
  const request = (method: string, path: string, body?: unknown) =>
    berth.request(method, path, body, foreign.token);
  const redeploy = { version: 1, actions: [{ action: 'redeploy' }] };

  test('finds no deployment, by id or by key', async () => {
    for (const ref of [deployment.body.id, 'key=own-deployment']) {
      const path = `/foreign-project/deployments/${ref}`;
      for (const answer of [
        await request('GET', path),
        await request('GET', `${path}/logs`),
        await request('GET', `${path}/revisions`),
        await request('GET', `${path}/revisions/1`),
        await request('POST', `${path}/revisions/1/rollback`, { version: 1 }),
        await request('POST', `${path}/rollback`, { version: 1, revision: 1 }),
        await request('POST', path, redeploy),
        await request('DELETE', path),
      ]) {
        expectErrors(answer, 404, ['ResourceNotFound']);
      }
    }
  });

  test('finds no draft, by id or by key', async () => {
    for (const ref of [staged.body.id, 'key=own-draft']) {
      const path = `/connectors/drafts/${ref}`;
      for (const answer of [
        await request('GET', path),
        await request('POST', path, { version: 1, actions: [{ action: 'updatePreviewable' }] }),
        await request('DELETE', path),
      ]) {
        expectErrors(answer, 404, ['ResourceNotFound']);
      }
    }
  });

  test('finds no private connector and no API client', async () => {
    expect(connector.body).toMatchObject({ id: staged.body.id, private: true });
    for (const ref of [connector.body.id, 'key=own-draft']) {
      expectErrors(await request('GET', `/connectors/${ref}`), 404, ['ResourceNotFound']);
    }
    for (const method of ['GET', 'DELETE']) {
      const path = `/foreign-project/api-clients/${apiClientId}`;
      expectErrors(await request(method, path), 404, ['ResourceNotFound']);
    }
  });

  test('has empty lists', async () => {
    const drafts = await request('GET', '/connectors/drafts');
    const deployments = await request('GET', '/foreign-project/deployments');
    const clients = await request('GET', '/foreign-project/api-clients');

    expect(drafts.body).toMatchObject({ count: 0, total: 0, results: [] });
    expect(deployments.body).toMatchObject({ count: 0, total: 0, results: [] });
    expect(clients.body.results.map(({ id }: { id: string }) => id)).toEqual([foreign.client.id]);
  });

  test('cannot tell a connector that it may not see from one that does not exist', async () => {
    const create = (reference: object) =>
      request('POST', '/foreign-project/deployments', {
        ...draftOf(staged),
        connector: reference,
      });
    const reply = ({ status, body }: Answer, identifier: string) => [
      status,
      JSON.stringify(body).replaceAll(identifier, 'IT'),
    ];
    for (const isStaged of [true, false]) {
      const hidden = await create({ id: staged.body.id, staged: isStaged });
      const absent = await create({ id: unknownId, staged: isStaged });
      const hiddenKey = await create({ key: 'own-draft', staged: isStaged });
      const absentKey = await create({ key: 'no-draft', staged: isStaged });

      expectErrors(hidden, 400, ['ConnectorReferenceNotFound']);
      expect(reply(hidden, staged.body.id)).toEqual(reply(absent, unknownId));
      expect(reply(hiddenKey, 'own-draft')).toEqual(reply(absentKey, 'no-draft'));
    }
  });

  test('may use the same keys', async () => {
    const source = { url: repository.url, tag: 'v1' };
    const draft = {
      key: 'own-draft',
      name: 'Mine',
      creator: { email: 'a@b.c' },
      repository: source,
    };
    const { status, body } = await request('POST', '/connectors/drafts', draft);

    expect(status).toBe(201);
    expect((await request('GET', '/connectors/drafts/key=own-draft')).body.id).toBe(body.id);
    expect((await berth.request('GET', '/connectors/drafts/key=own-draft')).body.id).toBe(
      staged.body.id,
    );
  });
});

describe('publishing an event, where it is not open to all', () => {
  const publish = (token: string | null, projectKey = 'test-project') => {
    const { topic } = deployment.body.applications[0];
    const message = { messages: [{ data: btoa('hello') }] };
    return berth.request(
      'POST',
      `/v1/projects/${projectKey}/topics/${topic}:publish`,
      message,
      token,
    );
  };

  test('takes a token that may manage deployments', async () => {
    for (const scope of ['manage_project', 'manage_connectors_deployments']) {
      const { status, body } = await publish(await tokenWith(berth, [scope]));
      expect([status, body.messageIds?.length]).toEqual([200, 1]);
    }
  });

  test('is refused with any other', async () => {
    const others = ownScopes.filter(
      (scope) => scope !== 'manage_project' && scope !== 'manage_connectors_deployments',
    );

    expectErrors(await publish(null), 401, ['AuthenticationError']);
    expectErrors(await publish('x'), 401, ['invalid_token']);
    expectErrors(await publish(await tokenWith(berth, others)), 403, ['AuthorizationError']);
    expectErrors(await publish(foreign.token), 403, ['AuthorizationError']);
  });

  test('does not reach another project’s topic', async () => {
    expectErrors(await publish(foreign.token, 'foreign-project'), 404, ['ResourceNotFound']);
  });
});
