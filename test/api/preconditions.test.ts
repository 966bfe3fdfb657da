import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Answer } from '../support/berth.ts';
import { openWorld, type World } from './error-table/world.ts';
import { detailsOf, expectErrors } from './support.ts';

let world: World;

beforeAll(async () => {
  world = await openWorld();
});

afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
});

const etag = ({ headers }: Answer) => headers.get('etag');
const remove = (path: string, ifMatch?: string) =>
  world.request('DELETE', path, undefined, {
    headers: ifMatch === undefined ? {} : { 'if-match': ifMatch },
  });

/** Something that can be deleted, on each of its paths. */
const kinds = [
  {
    kind: 'a Deployment',
    async make(key: string) {
      const { body } = await world.deployed({ key });
      return { id: body.id, byId: world.deploymentPath(body.id), version: body.version };
    },
    byKey: (key: string) => world.deploymentPath(`key=${key}`),
    done: 202,
  },
  {
    kind: 'a connector draft',
    async make(key: string) {
      const { body } = await world.draft({ key });
      const { body: changed } = await world.act({ body } as Answer, {
        action: 'setDescription',
        description: 'Changed',
      });
      return {
        id: body.id,
        byId: `/connectors/drafts/${body.id}`,
        version: changed.version,
      };
    },
    byKey: (key: string) => `/connectors/drafts/key=${key}`,
    done: 200,
  },
];

describe.each(kinds)('DELETE of $kind', ({ make, byKey, done }) => {
  test('with its version in If-Match is done, by id and by key', async () => {
    const one = await make('match-by-id');
    expect(etag(await world.get(one.byId))).toBe(`"${one.version}"`);
    expect((await remove(one.byId, `"${one.version}"`)).status).toBe(done);

    const other = await make('match-by-key');
    expect(etag(await world.get(byKey('match-by-key')))).toBe(`"${other.version}"`);
    expect((await remove(byKey('match-by-key'), `"${other.version}"`)).status).toBe(done);
  });

  test.each(['*', '"99", "1", "2"', undefined])('with %s is done', async (ifMatch) => {
    const { byId } = await make(`match-${String(ifMatch).length}`);
    expect((await remove(byId, ifMatch)).status).toBe(done);
  });

  test('with other versions is refused, and nothing happens', async () => {
    const { id, byId, version } = await make('mismatch');
    for (const path of [byId, byKey('mismatch')]) {
      const answer = await remove(path, '"70", "71", "9"');

      expectErrors(answer, 409, ['ConcurrentModification']);
      expect(answer.body.errors[0]).toEqual({
        code: 'ConcurrentModification',
        message: `Object id=${id} or key=mismatch has a different version than expected. Expected: 71 - Actual: ${version})`,
        expectedVersion: 71,
        currentVersion: version,
      });
    }
    const { body } = await world.get(byId);
    expect(body).toMatchObject({ id, version });
    expect(body.status).not.toBe('Undeploying');
  });

  test('with a header that cannot be read is refused, naming every mistake', async () => {
    const { byId } = await make('unreadable');
    const answer = await remove(byId, 'W/"1", 2');

    expectErrors(answer, 400, ['InvalidHeader', 'InvalidHeader']);
    expect(detailsOf(answer)).toEqual([
      'if-match: W/"1" is weak; send the ETag as it came, without W/ before it',
      'if-match: 2 is no version in quotes, such as "3"',
    ]);
    expectErrors(await remove(byId, `"${'1'.repeat(300)}"`), 400, ['InvalidHeader']);
    expect((await world.get(byId)).status).toBe(200);
  });

  test('of what does not exist is not found, whatever the header says', async () => {
    expectErrors(await remove(byKey('nobody'), '*'), 404, ['ResourceNotFound']);
  });
});

test('of two requests that delete the same version one is too late', async () => {
  const { body } = await world.draft({ key: 'raced' });
  const path = `/connectors/drafts/${body.id}`;

  const answers = await Promise.all([remove(path, '"1"'), remove(path, '"1"')]);

  const statuses = answers.map(({ status }) => status).toSorted();
  expect([
    [200, 404],
    [200, 409],
  ]).toContainEqual(statuses);
});

test('every answer with a Deployment has its version as ETag', async () => {
  const { create, deploymentPath, get, plane, post, redeploy } = world;
  const created = await create({ key: 'tagged' });
  while (await plane.work('succeed'));
  const redeployed = await redeploy(await get(deploymentPath(created.body.id)));
  while (await plane.work('succeed'));
  const rolledBack = await post(`${deploymentPath(created.body.id)}/rollback`, {
    version: 2,
    revision: 1,
  });
  while (await plane.work('succeed'));
  const deleted = await remove(deploymentPath(created.body.id));

  const answers = [created, redeployed, rolledBack, deleted];
  expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 202]);
  expect(answers.map(etag)).toEqual(['"1"', '"2"', '"3"', '"4"']);
  while (await plane.work('succeed'));
});

test('every answer with a connector draft has its version as ETag, and so has a Connector', async () => {
  const created = await world.draft();
  const changed = await world.act(created, { action: 'setName', name: 'Other' });
  const connector = await world.get(`/connectors/${world.shop.body.id}`);
  const deleted = await remove(`/connectors/drafts/${created.body.id}`);

  expect([created, changed].map(etag)).toEqual(['"1"', '"2"']);
  expect(etag(connector)).toBe(`"${connector.body.version}"`);
  expect([deleted.status, etag(deleted)]).toEqual([200, null]);
});

test('If-None-Match is not followed: a version stays while the status moves on', async () => {
  const { create, deploymentPath, plane } = world;
  const created = await create();
  const path = deploymentPath(created.body.id);
  const ask = () =>
    world.request('GET', path, undefined, { headers: { 'if-none-match': etag(created) ?? '' } });

  expect((await ask()).body.status).toBe('Deploying');
  while (await plane.work('succeed'));
  expect((await ask()).body).toMatchObject({ status: 'Deployed', version: 1 });
});
