import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type ConnectorClient,
  type ConnectorWorld,
  openConnectorWorld,
} from '../support/connector-world.ts';
import { expectErrors } from './support.ts';

let world: ConnectorWorld;
let creators: ConnectorClient;
let strangers: ConnectorClient;

beforeAll(async () => {
  world = await openConnectorWorld();
  creators = await world.as('creators');
  strangers = await world.as('strangers');
});

afterAll(() => world?.[Symbol.asyncDispose]());

const askForCertification = { action: 'publish', certification: true };
const publishPrivately = { action: 'publish', certification: false };

test('goes from Draft over validation and an operator to Published', async () => {
  const staged = await creators.create({ key: 'whole-way' });
  const path = `/connectors/${staged.body.id}`;
  const statuses = [staged.body.status];
  const note = async () => statuses.push((await creators.now(staged)).body.status);

  expect((await creators.update(staged, askForCertification)).body.status).toBe('Processing');
  await note();
  await world.work();
  await note();
  expectErrors(await strangers.get(path), 404, ['ResourceNotFound']);
  await world.certify(staged, 'start');
  await note();
  expectErrors(await creators.get(path), 404, ['ResourceNotFound']);
  await world.certify(staged, 'approve');
  await note();

  expect(statuses).toEqual([
    'Draft',
    'Processing',
    'ReadyForCertification',
    'InCertification',
    'Published',
  ]);
  const { body } = await strangers.get(path);
  expect(body).toMatchObject({ key: 'whole-way', certified: true, private: false });
  const now = await creators.now(staged);
  expect(now.body).toMatchObject({ alreadyListed: true, hasChanges: false, version: body.version });
});

test('publishes what was validated, not what the draft became meanwhile', async () => {
  const staged = await creators.waiting({ name: 'Validated' });
  await creators.update(staged, { action: 'setName', name: 'Written since' });
  await world.certify(staged, 'start');
  await world.certify(staged, 'approve');

  expect((await strangers.get(`/connectors/${staged.body.id}`)).body.name).toBe('Validated');
  expect((await creators.now(staged)).body).toMatchObject({
    name: 'Written since',
    hasChanges: true,
  });
});

test('lets any project deploy the result, and none of them before', async () => {
  const staged = await creators.waiting();
  const connector = { id: staged.body.id };
  expectErrors(await strangers.deploy({ connector }), 400, ['ConnectorReferenceNotFound']);
  await world.certify(staged, 'start');
  await world.certify(staged, 'approve');
  const { status, body } = await strangers.deploy({ connector, type: 'production' });
  await world.work();

  expect([status, body.connector?.certified]).toEqual([201, true]);
  const deployed = await strangers.get(`/strangers/deployments/${body.id}`);
  expect(deployed.body.status).toBe('Deployed');
});

test('that is refused leaves what was published before, and can be asked for again', async () => {
  const staged = await creators.certified({ name: 'First' });
  await creators.update(staged, { action: 'setName', name: 'Second' }, askForCertification);
  await world.work();
  await world.certify(staged, 'reject', 'Not like that');

  const path = `/connectors/${staged.body.id}`;
  expect((await strangers.get(path)).body.name).toBe('First');
  expect((await creators.now(staged)).body).toMatchObject({
    status: 'Draft',
    hasChanges: true,
    alreadyListed: true,
    certificationInfo: { comments: [{ userId: 'operator', comment: 'Not like that' }] },
  });

  await creators.update(staged, askForCertification);
  await world.work();
  await world.certify(staged, 'start');
  await world.certify(staged, 'approve');
  expect((await strangers.get(path)).body).toMatchObject({ name: 'Second', certified: true });
});

test('is not asked for where it is under way, or where nothing is left to certify', async () => {
  const staged = await creators.waiting();
  expectErrors(await creators.update(staged, askForCertification), 400, [
    'ConnectorStagedInCertification',
  ]);
  await world.certify(staged, 'start');
  for (const action of [askForCertification, publishPrivately])
    expectErrors(await creators.update(staged, action), 400, ['ConnectorStagedInCertification']);
  expectErrors(await creators.remove(staged), 400, ['ConnectorStagedInvalidStatus']);
  await world.certify(staged, 'approve');

  expectErrors(await creators.update(staged, askForCertification), 400, [
    'ConnectorAlreadyCertified',
  ]);
  expectErrors(await creators.remove(staged), 400, ['ConnectorStagedInvalidStatus']);
});

test('lists what was unlisted once it is asked for again', async () => {
  const staged = await creators.certified({ key: 'comes-back' });
  const isFound = async () =>
    (await strangers.get('/connectors/search?key=comes-back')).body.total === 1;
  expect(await isFound()).toBe(true);
  const { connector } = (await strangers.deploy({ connector: { id: staged.body.id } })).body;
  await world.work();
  await creators.update(staged, { action: 'unlist' });
  expect(await isFound()).toBe(false);
  expect(connector).toMatchObject({ id: staged.body.id, certified: true });

  expect((await creators.update(staged, askForCertification)).status).toBe(201);
  await world.work();
  await world.certify(staged, 'start');
  await world.certify(staged, 'approve');
  expect(await isFound()).toBe(true);
});

test('is lost by a private publish, which hides the Connector from others', async () => {
  const staged = await creators.certified();
  const path = `/connectors/${staged.body.id}`;
  await creators.update(staged, { action: 'setName', name: 'Mine again' }, publishPrivately);
  await world.work();

  expectErrors(await strangers.get(path), 404, ['ResourceNotFound']);
  expect((await creators.get(path)).body).toMatchObject({ certified: false, private: true });
});
