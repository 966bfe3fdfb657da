import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { otherEndpoints } from '../../src/control-plane/api/openapi/other-endpoints.ts';
import type { Route } from '../../src/control-plane/api/route.ts';
import { routes } from '../../src/control-plane/api/routes.ts';
import { ownScopes } from '../../src/control-plane/commands/identity.ts';
import { noBody } from '../../src/wire/parameters.ts';
import type { Answer } from '../support/berth.ts';
import {
  type AuthorizationPlace,
  allScopes,
  foreignProject,
  openAuthorizationPlace,
  ownProject,
  suffixed,
  unknownId,
} from './authorization/place.ts';
import { parseRouteTree } from './authorization/registered-routes.ts';
import { expectErrors } from './support.ts';

let place: AuthorizationPlace;
/** A token for each set of scopes that is needed; they are made once. */
const tokens = new Map<string, string>();
let expired: string;
let revoked: string;
let foreign: string;
/** Of the other issuer, which says of each what stands beside it. */
const issued = {
  active: (scope: string) => ({ active: true, scope, client_id: 'elsewhere', exp: farAway }),
  inactive: () => ({ active: false }),
};
const farAway = 4_000_000_000;

beforeAll(async () => {
  place = await openAuthorizationPlace();
  expired = await place.token(ownScopes);
  place.clock.move(172_800_000);
  [revoked, foreign] = await Promise.all([tokenOfDeletedClient(), place.foreignToken()]);
  for (const scope of ownScopes) {
    tokens.set(scope, await place.token([scope]));
    const others = ownScopes.filter((one) => one !== scope);
    tokens.set(others.join(), await place.token(others));
  }
});

afterAll(() => place?.[Symbol.asyncDispose]());

async function tokenOfDeletedClient(): Promise<string> {
  const client = `/${ownProject}/api-clients`;
  const authorization = `Bearer ${await place.token(ownScopes)}`;
  const made = await place.ask('POST', client, {
    authorization,
    body: JSON.stringify({ name: 'soon gone', scope: allScopes }),
  });
  const { id, secret } = made.body;
  const granted = await place.ask('POST', '/oauth/token?grant_type=client_credentials', {
    authorization: `Basic ${btoa(`${id}:${secret}`)}`,
  });
  const token = granted.body.access_token;
  const before = await place.ask('GET', client, { authorization: `Bearer ${token}` });
  await place.ask('DELETE', `${client}/${id}`, { authorization });
  expect([made.status, granted.status, before.status]).toEqual([201, 200, 200]);
  return token;
}

/** Of something that does not exist: whoever is let in gets no 401 and no 403. */
const pathOf = ({ path }: Route, project = ownProject) =>
  path
    .replace(':projectKey', project)
    .replace(':revision', '1')
    .replace(':applicationName', 'app')
    .replace(':runId', unknownId)
    .replace(/:(ref|id)/, unknownId);

const call = (route: Route, authorization: string | undefined) =>
  place.ask(route.method, pathOf(route), {
    ...(authorization === undefined ? {} : { authorization }),
    // Whoever is refused is refused before this is looked at.
    ...(route.method === 'POST' ? { body: '{' } : {}),
  });

const isLetIn = ({ status }: Answer) => status !== 401 && status !== 403 && status < 500;
const byName = new Map(routes.map((route) => [route.name, route]));

describe.for([...byName.keys()])('%s', (name) => {
  const route = byName.get(name) as Route;
  const bearer = (token: string | undefined) => call(route, `Bearer ${token}`);
  const outside = (answer: object) => {
    const token = `issued-${crypto.randomUUID()}`;
    place.issuer.answers.set(token, answer);
    return bearer(token);
  };

  test('needs a token', async () => {
    for (const header of [undefined, 'Basic YTpi', 'Digest x', 'x'])
      expectErrors(await call(route, header), 401, ['AuthenticationError']);
  });

  test('takes no token that is made up, expired or revoked', async () => {
    for (const token of [
      '',
      'x',
      'x'.repeat(600),
      'x'.repeat(5000),
      'a b',
      'e30.e30.',
      expired,
      revoked,
    ]) {
      const answer = await bearer(token);
      expectErrors(answer, 401, ['invalid_token']);
      expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
    }
  });

  test('takes each of its scopes and no other', async () => {
    const letIn: string[] = [];
    for (const scope of ownScopes) {
      const answer = await bearer(tokens.get(scope));
      if (isLetIn(answer)) letIn.push(scope);
      else expectErrors(answer, 403, ['AuthorizationError']);
    }

    expect(letIn).toEqual(ownScopes.filter((scope) => route.scopes.includes(scope)));
  });

  test('takes no view scope unless it reads', () => {
    const views = route.scopes.filter((scope) => scope.startsWith('view_'));

    expect(views.length > 0).toBe(route.method === 'GET');
  });

  test('is refused with all other scopes together', async () => {
    const others = ownScopes.filter((scope) => !route.scopes.includes(scope));

    expectErrors(await bearer(await place.token(others)), 403, ['AuthorizationError']);
  });

  test('takes a token of the other issuer as it takes its own', async () => {
    const [scope = ''] = route.scopes;

    expect(isLetIn(await outside(issued.active(suffixed([scope]))))).toBe(true);
    for (const others of ['manage_orders', 'view_products']) {
      expectErrors(await outside(issued.active(suffixed([others]))), 403, ['AuthorizationError']);
    }
    for (const answer of [
      issued.inactive(),
      issued.active(''),
      issued.active(scope),
      issued.active(`${suffixed([scope])} ${suffixed([scope], foreignProject)}`),
      { ...issued.active(suffixed([scope])), exp: 1 },
    ]) {
      expectErrors(await outside(answer), 401, ['invalid_token']);
    }
  });

  test('is refused with a token of another project where it names the project', async () => {
    const answer = await bearer(foreign);

    if (route.path.includes(':projectKey')) expectErrors(answer, 403, ['AuthorizationError']);
    else expect(isLetIn(answer)).toBe(true);
  });

  if (route.path.includes(':ref') || route.path.includes(':id')) {
    test('does not tell what another project has from what nobody has', async () => {
      for (const [hidden, absent] of namesOf(route)) {
        const there = await askAsForeigner(route, hidden);
        const nowhere = await askAsForeigner(route, absent);

        expectErrors(there, 404, ['ResourceNotFound']);
        const neutral = ({ body }: Answer, ref: string) =>
          JSON.stringify(body).replaceAll(ref.replace('key=', ''), 'IT');
        expect(neutral(there, hidden)).toBe(neutral(nowhere, absent));
      }
    });
  }
});

/** What is there in the own project beside what is nowhere, by id and by key. */
function namesOf({ path }: Route): readonly (readonly [string, string])[] {
  const kinds = Object.keys(place.ids) as (keyof typeof place.ids)[];
  const kind = kinds.find((one) => new RegExp(`/${one}/:(ref|id)`).test(path));
  if (kind === undefined) throw new Error(`Say in the place what ${path} would find`);
  const id = [place.ids[kind], unknownId] as const;
  if (!path.includes(':ref')) return [id];
  const keys: Readonly<Record<string, string>> = place.keys;
  return [id, [`key=${keys[kind]}`, 'key=nobody']];
}

/** A body that each endpoint would take. A new endpoint that reads one needs a row here. */
const bodies: Readonly<Record<string, object>> = {
  redeployDeployment: { version: 1, actions: [{ action: 'redeploy' }] },
  planDeploymentRedeploy: { version: 1, actions: [{ action: 'redeploy' }] },
  rollBackDeploymentToRevision: { version: 1 },
  rollBackDeployment: { version: 1, revision: 1 },
  updateConnectorStaged: { version: 1, actions: [{ action: 'updatePreviewable' }] },
};

function askAsForeigner(route: Route, ref: string): Promise<Answer> {
  const { method, body } = route;
  const valid = bodies[route.name];
  if (method === 'POST' && body !== noBody && valid === undefined)
    throw new Error(`Say a valid body of ${route.name}`);
  const path = route.path
    .replace(':projectKey', foreignProject)
    .replace(':revision', '1')
    .replace(':applicationName', 'pictures')
    .replace(':runId', unknownId)
    .replace(/:(ref|id)/, ref);
  return place.ask(method, path, {
    authorization: `Bearer ${foreign}`,
    ...(valid === undefined ? {} : { body: JSON.stringify(valid) }),
  });
}

describe('the route table', () => {
  test('keeps connectors, deployments and API clients apart', () => {
    for (const { path, scopes } of routes) {
      const kind = path.startsWith('/connectors')
        ? /^(manage|view)_connectors$|^manage_project$/
        : path.includes('/operations') && !path.includes('/deployments')
          ? /^(manage|view)_connectors(_deployments)?$|^manage_project$/
          : path.includes('/deployments')
            ? /^(manage|view)_connectors_deployments$|^manage_project$/
            : path.includes('/audit-log')
              ? /^view_audit_log$|^manage_project$/
              : /^(manage|view)_api_clients$/;
      expect(scopes.filter((scope) => !kind.test(scope))).toEqual([]);
    }
  });
});

describe('beside the route table', () => {
  /** For everybody, or with credentials instead of a token. */
  const open = ['GET /healthz', 'GET /readyz', 'GET /openapi.json'];
  const oauth = ['', '/.commercetools.com'].flatMap((prefix) =>
    ['token', 'introspect'].map((name) => `POST ${prefix}/oauth/${name}`),
  );
  /** For people, with their files. */
  const reference = [
    'GET /',
    'GET /reference',
    'GET /reference/json',
    'GET /reference/yaml',
    // So the framework prints `/reference/static/*`.
    'GET /reference*',
    'GET /reference/static/index.html',
    'GET /reference/static/swagger-initializer.js',
  ];
  const publishing = ['POST /v1/projects/:project/topics/:topicAndVerb'];

  test('there is nothing that these tests do not know', () => {
    const known = [
      ...routes.map(({ method, path }) => `${method} ${path}`),
      ...open,
      ...reference,
      ...oauth,
      ...publishing,
    ];

    expect(parseRouteTree(place.world.plane.printRoutes()).toSorted()).toEqual(known.toSorted());
  });

  test('everything is described', () => {
    const described = otherEndpoints.map(({ method, path }) => `${method} ${path}`);

    expect(described.toSorted()).toEqual(
      [
        ...open,
        ...oauth.filter((one) => !one.includes('commercetools')),
        'POST /v1/projects/{project}/topics/{topic}:publish',
        'POST /v1/projects/{project}/topics/{topic}:redeliver',
      ].toSorted(),
    );
  });

  test.for(open)('%s is for everybody', async (name) => {
    const [method = '', path = ''] = name.split(' ');

    expect((await place.ask(method, path)).status).toBe(200);
  });

  test.for(oauth)('%s takes no token', async (name) => {
    const [method = '', path = ''] = name.split(' ');
    const authorization = `Bearer ${tokens.get('manage_project')}`;

    expect((await place.ask(method, path, { authorization })).status).toBe(401);
  });
});
