import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { routes } from '../../src/control-plane/api/routes.ts';
import type { Answer } from '../support/berth.ts';
import { openTempPlane } from '../support/temp-plane.ts';
import { openTokenIssuer } from '../support/token-issuer.ts';
import {
  type AuditClient,
  type AuditWorld,
  canary,
  changes,
  deploymentDraft,
  openAuditWorld,
  redeployWith,
} from './audit-log/changes.ts';
import { unknownId } from './bodies.ts';
import { codesOf, expectErrors } from './support.ts';

let place: AuditWorld;
let projects = 0;
/** Of a project that has nothing but what the test makes. */
const newClient = () => place.as(`audit-${++projects}`);

beforeAll(async () => {
  place = await openAuditWorld();
});

afterAll(() => place?.[Symbol.asyncDispose]());

const digest = expect.stringMatching(/^hmac-sha256:[0-9a-f]{32}$/);
const changing = routes.filter(({ method, readsOnly }) => method !== 'GET' && readsOnly !== true);

// biome-ignore lint/suspicious/noExplicitAny: a body is whatever the server sent
type Body = any;

/** A body of the API as the audit log shows it: without reports, secrets as digests. */
function shown(value: Body, typeId: string): Body {
  if (typeId === 'api-client') return { ...value, secret: digest };
  const isReport = /^(report|publishingReport|previewableReport|steps|entries)$/;
  const show = (one: Body, name = ''): Body => {
    if (Array.isArray(one)) return one.map((item) => show(item, name));
    if (typeof one !== 'object' || one === null) return one;
    if (name === 'securedConfiguration' && 'value' in one) return { ...one, value: digest };
    const kept = Object.entries(one).filter(([field]) => !isReport.test(field));
    return Object.fromEntries(kept.map(([field, item]) => [field, show(item, field)]));
  };
  return show(value);
}

const totalOf = async (own: AuditClient): Promise<number> => (await own.log('?limit=0')).body.total;
const newestOf = async (own: AuditClient) => (await own.log('?limit=1')).body.results[0];

/** With the entries that the work left. */
async function entriesOf(own: AuditClient, work: () => Promise<unknown>): Promise<Body[]> {
  const before = await totalOf(own);
  await work();
  const count = (await totalOf(own)) - before;
  return (await own.log()).body.results.slice(0, count);
}

describe('every endpoint that changes something', () => {
  test('has a row in these tests', () => {
    expect(Object.keys(changes).toSorted()).toEqual(changing.map(({ name }) => name).toSorted());
  });

  test.for(Object.keys(changes))('leaves exactly one entry: %s', async (action) => {
    const own = await newClient();
    const prepared = await changes[action]?.(own, place.world);
    if (prepared === undefined) throw new Error('No such change');
    const { typeId, before, isGone } = prepared;
    let answer: Answer | undefined;
    const startedAt = new Date().toISOString();
    const [entry, ...others] = await entriesOf(own, async () => {
      answer = await prepared.ask();
    });
    expect(answer?.status, JSON.stringify(answer?.body)).toBeLessThan(300);
    expect(others).toEqual([]);

    const after = isGone ? undefined : shown(prepared.after ?? answer?.body, typeId);
    const { id, key }: Body = before ?? answer?.body ?? {};
    expect(entry).toEqual({
      sequence: expect.any(Number),
      at: expect.any(String),
      projectKey: own.projectKey,
      actor: { type: 'client', clientId: `client-of-${own.projectKey}` },
      correlationId: answer?.headers.get('x-correlation-id'),
      action,
      resource: {
        typeId,
        id,
        ...(key === undefined ? {} : { key }),
        ...(typeId === 'operation' ? { subject: before.subject } : {}),
        ...(typeId === 'job-run'
          ? { subject: { typeId: 'deployment', id: answer?.body.deploymentId } }
          : {}),
      },
      ...(before === undefined ? {} : { before: shown(before, typeId) }),
      ...(after === undefined
        ? {}
        : {
            after:
              typeId === 'operation'
                ? {
                    ...after,
                    cancelRequest: {
                      requestedAt: expect.any(String),
                      clientId: expect.any(String),
                    },
                  }
                : after,
          }),
      shortened: false,
    });
    expect(entry.at >= startedAt && entry.at <= new Date().toISOString()).toBe(true);
  });

  test('leaves none where it is refused', async () => {
    const own = await newClient();
    const { body: deployment } = await own.deployed();
    const drafts = await own.request('GET', '/connectors/drafts');
    const { id: staged } = drafts.body.results[0];
    const at = `/${own.projectKey}`;
    const viewer = await place.world.plane.tokenWith(own.projectKey, ['view_connectors']);
    const left = await entriesOf(own, async () => {
      for (const { method, path } of changing) {
        const unknown = path
          .replace(':projectKey', own.projectKey)
          .replace(':revision', '7')
          .replace(/:(ref|id)/, unknownId);
        const body = { version: 1, actions: [redeployWith('x')] };
        for (const given of [body, {}, 'text']) {
          expect((await own.request(method, unknown, given)).status).toBeGreaterThanOrEqual(400);
        }
        expectErrors(await place.world.plane.request(method, unknown, body, viewer), 403, [
          'AuthorizationError',
        ]);
      }
      const redeploy = { version: 77, actions: [redeployWith('x')] };
      const stale = await own.request('POST', `${at}/deployments/${deployment.id}`, redeploy);
      expectErrors(stale, 409, ['ConcurrentModification']);
      const rename = { version: 77, actions: [{ action: 'setName', name: 'x' }] };
      expectErrors(await own.request('POST', `/connectors/drafts/${staged}`, rename), 409, [
        'ConcurrentModification',
      ]);
      expectErrors(await own.create({ key: 'pictures' }), 400, ['DuplicateField']);
      expectErrors(await own.deploy(deploymentDraft(staged)), 400, ['DuplicateField']);
      const published = await own.request('DELETE', `/connectors/drafts/${staged}`);
      expect(codesOf(published)).toEqual(['ConnectorStagedInvalidStatus']);
    });
    expect(left).toEqual([]);
  });

  test('leaves one entry where several ask for the same at the same time', async () => {
    const own = await newClient();
    const { body: deployment } = await own.deployed();
    const times = [1, 2, 3, 4, 5];
    const path = `/${own.projectKey}/deployments/${deployment.id}`;
    const redeploys = await entriesOf(own, () =>
      Promise.all(
        times.map((n) =>
          own.request('POST', path, { version: 1, actions: [redeployWith(`secret ${n}`)] }),
        ),
      ),
    );
    expect(redeploys).toHaveLength(1);
    const deletes = await entriesOf(own, async () => {
      const remove = (await changes['deleteApiClient']?.(own, place.world))?.ask;
      await Promise.all(times.map(() => remove?.()));
    });
    expect(deletes.map(({ action }) => action)).toEqual(['deleteApiClient', 'createApiClient']);
    const cancels = await entriesOf(own, async () => {
      const asked = times.map(() => own.request('POST', `${path}/cancel`));
      const { operations } = place.world.plane.store;
      await vi.waitUntil(async () => (await operations.cancelRequests()).length > 0);
      await place.world.work();
      await Promise.all(asked);
    });
    expect(cancels).toHaveLength(1);
    const ofDeployment = await own.log(`?resourceId=${deployment.id}&action=cancelDeployment`);
    expect(ofDeployment.body.results).toEqual(cancels);
  });

  test('says that nothing is left where a Deployment is removed at once', async () => {
    const own = await newClient();
    const staged = await own.published();
    const { body } = await own.deploy(deploymentDraft(staged.body.id));
    await place.world.plane.work('fail');
    const [entry] = await entriesOf(own, async () => {
      const answer = await own.request('DELETE', `/${own.projectKey}/deployments/${body.id}`);
      expect(answer.status).toBe(200);
    });
    expect(entry).toMatchObject({ action: 'deleteDeployment', before: { status: 'Failed' } });
    expect(entry).not.toHaveProperty('after');
  });
});

describe('secrets', () => {
  test('are never in it, and their digests tell what has changed', async () => {
    const own = await newClient();
    const { body } = await own.deployed();
    const created = await newestOf(own);
    const redeploy = async (secret: string) => {
      const { version } = (await own.request('GET', `/${own.projectKey}/deployments/${body.id}`))
        .body;
      await own.request('POST', `/${own.projectKey}/deployments/${body.id}`, {
        version,
        actions: [redeployWith(secret)],
      });
      await place.world.work();
      return newestOf(own);
    };
    const secretsOf = (deployment: Body) =>
      deployment.applications[0].securedConfiguration.map(({ value }: Body) => value);
    const same = await redeploy(canary);
    const changed = await redeploy(`${canary}-2`);

    const [token, other] = secretsOf(created.after);
    const [global] = created.after.globalConfiguration.securedConfiguration;
    expect(new Set([token, other, global.value]).size, 'equal secrets of different keys').toBe(3);
    expect(secretsOf(same.after)).toEqual([token, other]);
    expect(secretsOf(changed.before)).toEqual([token, other]);
    expect(secretsOf(changed.after)[0]).not.toBe(token);
    expect(secretsOf(changed.after)[1]).toBe(other);

    const client = await own.request('POST', `/${own.projectKey}/api-clients`, {
      name: 'with a secret',
      scope: `view_connectors:${own.projectKey}`,
    });
    const all = await place.world.plane.store.auditLog.queryAnywhere({ limit: 500, offset: 0 });
    const text = JSON.stringify(all);
    expect(text).toContain(client.body.id);
    for (const secret of [canary, client.body.secret, '********'])
      expect(text).not.toContain(secret);
  });
});

describe('GET audit-log', () => {
  test('shows newest first, by page', async () => {
    const own = await newClient();
    for (const name of ['one', 'two', 'three', 'four']) await own.create({ key: name });
    const keysOf = ({ body }: Answer) => body.results.map(({ resource }: Body) => resource.key);
    expect(keysOf(await own.log())).toEqual(['four', 'three', 'two', 'one']);
    const page = await own.log('?limit=2&offset=1');
    expect(page.body).toMatchObject({ limit: 2, offset: 1, count: 2, total: 4 });
    expect(keysOf(page)).toEqual(['three', 'two']);
    const sequences = (await own.log()).body.results.map(({ sequence }: Body) => sequence);
    expect(sequences).toEqual(sequences.toSorted((one: number, two: number) => two - one));
  });

  test('filters by resource, actor, action and time', async () => {
    const own = await newClient();
    const first = await own.create({ key: 'first' });
    const [entry] = (await own.log()).body.results;
    const second = await own.create({ key: 'second' });
    await own.remove(first);
    const found = async (query: string) => {
      const { body } = await own.log(query);
      expect(body.total).toBe(body.results.length);
      return body.results.map(({ action, resource }: Body) => `${action} ${resource.key}`);
    };
    const [removed, madeSecond, madeFirst] = [
      'deleteConnectorStaged first',
      'createConnectorStaged second',
      'createConnectorStaged first',
    ];
    expect(await found('')).toEqual([removed, madeSecond, madeFirst]);
    expect(await found(`?resourceId=${first.body.id}`)).toEqual([removed, madeFirst]);
    expect(await found(`?action=createConnectorStaged&resourceId=${second.body.id}`)).toEqual([
      madeSecond,
    ]);
    expect(await found(`?actor=client-of-${own.projectKey}`)).toHaveLength(3);
    expect(await found('?actor=operator')).toEqual([]);
    expect(await found(`?to=${entry.at}`)).toContain(madeFirst);
    expect(await found(`?from=${entry.at}`)).toHaveLength(3);
    expect(await found('?from=2999-01-01T00:00:00Z')).toEqual([]);
    expect(await found('?to=2000-01-01T00:00:00Z')).toEqual([]);
  });

  test('names every mistake of a query', async () => {
    const own = await newClient();
    const answer = await own.log('?limit=501&offset=x&from=soon&to=&actor=&action=');
    expectErrors(answer, 400, Array(6).fill('InvalidQueryParam'));
  });

  test('shows nothing of another project, to whom it does not let in either', async () => {
    const [own, foreign] = [await newClient(), await newClient()];
    const { body } = await own.create();
    expect((await foreign.log()).body.total).toBe(0);
    expect((await foreign.log(`?resourceId=${body.id}`)).body.total).toBe(0);
    expectErrors(await foreign.request('GET', `/${own.projectKey}/audit-log`), 403, [
      'AuthorizationError',
    ]);
  });
});

test('a token of another issuer is entered with its subject', async () => {
  await using issuer = await openTokenIssuer();
  await using plane = await openTempPlane({ introspectionUrl: issuer.url });
  const token = await plane.token('shop');
  const scope = 'manage_api_clients:shop';
  const told = { active: true, scope, client_id: 'elsewhere', exp: 4_000_000_000 };
  issuer.answers.set('of-somebody', { ...told, sub: 'somebody' });
  issuer.answers.set('of-a-client', told);
  const draft = { name: 'x', scope: 'view_connectors:shop' };
  for (const outside of ['of-somebody', 'of-a-client']) {
    const made = await plane.request('POST', '/shop/api-clients', draft, outside);
    expect(made.status).toBe(201);
  }

  const actorsOf = async (query: string) => {
    const { body } = await plane.request('GET', `/shop/audit-log?${query}`, undefined, token);
    return body.results.map(({ actor }: Body) => actor);
  };
  expect(await actorsOf('actor=elsewhere')).toEqual([
    { type: 'client', clientId: 'elsewhere', issuer: 'other' },
    { type: 'client', clientId: 'elsewhere', issuer: 'other', subject: 'somebody' },
  ]);
  expect(await actorsOf('actor=somebody')).toHaveLength(1);
});
