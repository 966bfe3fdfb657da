import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Route } from '../../src/control-plane/api/route.ts';
import { routes } from '../../src/control-plane/api/routes.ts';
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

const nameOf = ({ method, path }: Route) => `${method} ${path}`;
const byName = new Map(routes.map((route) => [nameOf(route), route]));
const isView = (scope: string) => scope.startsWith('view_');

/** Asks for something that does not exist: whoever is let in gets no 401 and no 403. */
function call(route: Route, token: string | null, body = '{}'): Promise<Answer> {
  const path = route.path.replace(':projectKey', 'test-project').replace(/:(ref|id)/, unknownId);
  return berth.request(route.method, path, route.method === 'POST' ? body : undefined, token);
}

function expectLetIn({ status, body }: Answer): void {
  expect([200, 400, 404], JSON.stringify(body)).toContain(status);
}

describe('the route table', () => {
  test('lets no view scope write', () => {
    const writing = routes.filter(({ method }) => method !== 'GET');

    expect(writing.filter(({ scopes }) => scopes.some(isView)).map(nameOf)).toEqual([]);
  });

  test('lets the view scope of its kind read, wherever anything can be read', () => {
    const reading = routes.filter(({ method }) => method === 'GET');

    expect(reading.filter(({ scopes }) => !scopes.some(isView)).map(nameOf)).toEqual([]);
  });

  test('keeps connectors, deployments and API clients apart', () => {
    for (const { path, scopes } of routes) {
      const kind = path.startsWith('/connectors')
        ? /^(manage|view)_connectors$|^manage_project$/
        : path.includes('/operations') && !path.includes('/deployments')
          ? /^(manage|view)_connectors(_deployments)?$|^manage_project$/
          : path.includes('/deployments')
            ? /^(manage|view)_connectors_deployments$|^manage_project$/
            : /^(manage|view)_api_clients$/;
      expect(scopes.filter((scope) => !kind.test(scope))).toEqual([]);
    }
  });
});

describe.for([...byName.keys()])('%s', (name) => {
  const route = byName.get(name) as Route;

  test('is refused without a token, before the body is looked at', async () => {
    const answer = await call(route, null, '{');

    expectErrors(answer, 401, ['AuthenticationError']);
    expect(answer.body.error).toBe('AuthenticationError');
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="berth"');
  });

  test.for(['x', 'x'.repeat(600), 'a b', '\\', 'e30.e30.', 'Bearer'])(
    'is refused with the garbage %#',
    async (token) => {
      expectErrors(await call(route, token, '{'), 401, ['invalid_token']);
    },
  );

  test('is refused with every scope but its own, before the body is looked at', async () => {
    const others = ownScopes.filter((scope) => !route.scopes.includes(scope));

    expectErrors(await call(route, await tokenWith(berth, others), '{'), 403, [
      'AuthorizationError',
    ]);
  });

  test('is let in with any one of its scopes', async () => {
    for (const scope of route.scopes) {
      expectLetIn(await call(route, await tokenWith(berth, [scope])));
    }
  });

  test('is let in with view scopes only where it reads', async () => {
    const answer = await call(route, await tokenWith(berth, ownScopes.filter(isView)), '{');

    if (route.method === 'GET') expectLetIn(answer);
    else expectErrors(answer, 403, ['AuthorizationError']);
  });

  test('is refused with a token of another project where it names the project', async () => {
    const answer = await call(route, foreign.token);

    if (route.path.includes(':projectKey')) expectErrors(answer, 403, ['AuthorizationError']);
    else expectLetIn(answer);
  });
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

    expectErrors(await publish(null), 401, ['invalid_token']);
    expectErrors(await publish('x'), 401, ['invalid_token']);
    expectErrors(await publish(await tokenWith(berth, others)), 403, ['AuthorizationError']);
    expectErrors(await publish(foreign.token), 403, ['AuthorizationError']);
  });

  test('does not reach another project’s topic', async () => {
    expectErrors(await publish(foreign.token, 'foreign-project'), 404, ['ResourceNotFound']);
  });
});

describe('health', () => {
  test.for([
    ['/healthz', { status: 'ok' }],
    ['/readyz', { status: 'ready' }],
  ] as const)('at %s needs no token', async ([path, body]) => {
    expect(await berth.request('GET', path, undefined, null)).toMatchObject({ status: 200, body });
  });
});
