import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type ConnectorClient,
  type ConnectorWorld,
  openConnectorWorld,
} from '../support/connector-world.ts';
import { detailsOf, expectErrors } from './support.ts';

let world: ConnectorWorld;
let client: ConnectorClient;

beforeAll(async () => {
  world = await openConnectorWorld();
  client = await world.as('creators');
});

afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
});

const publish = { action: 'publish', certification: false };

describe('an update action', () => {
  test.for([
    [{ action: 'setName', name: 'Renamed' }, { name: 'Renamed' }],
    [{ action: 'setDescription', description: 'Connects' }, { description: 'Connects' }],
    [
      { action: 'setDocumentationUrl', documentationUrl: 'https://example.com/docs' },
      { documentationUrl: 'https://example.com/docs' },
    ],
    [
      { action: 'setIntegrationTypes', integrationTypes: ['tax', 'other'] },
      { integrationTypes: ['tax', 'other'] },
    ],
    [{ action: 'setIntegrationTypes', integrationTypes: [] }, { integrationTypes: [] }],
    [
      { action: 'setSupportedRegions', regions: ['us-east-2.aws'] },
      { supportedRegions: ['us-east-2.aws'] },
    ],
    [{ action: 'setRepository', tag: 'v2' }, { repository: { tag: 'v2' } }],
    [{ action: 'setCreatorName', creatorName: 'Ada' }, { creator: { name: 'Ada' } }],
    [{ action: 'setCreatorTitle', creatorTitle: 'Dr' }, { creator: { title: 'Dr' } }],
    [{ action: 'setCreatorEmail', creatorEmail: 'a@b.c' }, { creator: { email: 'a@b.c' } }],
    [{ action: 'setCreatorCompany', creatorCompany: 'Acme' }, { creator: { company: 'Acme' } }],
    [
      { action: 'setCreatorNoOfContributors', creatorNoOfContributors: 3 },
      { creator: { noOfContributors: 3 } },
    ],
    [
      { action: 'setCreatorSupportUrl', creatorSupportUrl: 'https://example.com/help' },
      { creator: { supportUrl: 'https://example.com/help' } },
    ],
    [
      { action: 'setCreatorLogo', logoUrl: 'https://example.com/logo.svg' },
      { creator: { logoUrl: 'https://example.com/logo.svg' } },
    ],
    [
      { action: 'addPrivateProject', privateProject: 'europe-west1.gcp:friends' },
      { privateProjects: ['europe-west1.gcp:friends'] },
    ],
    [
      { action: 'addCertificationComment', comment: 'Please' },
      {
        certificationInfo: {
          comments: [
            {
              userId: 'creators',
              comment: 'Please',
              datetime: expect.stringMatching(/^\d{4}-.*Z$/),
            },
          ],
        },
      },
    ],
    [{ action: 'updatePreviewable' }, { isPreviewable: 'pending' }],
    [publish, { status: 'Processing' }],
  ] as const)('%j is answered and kept', async ([action, expected]) => {
    const staged = await client.create();
    const { status, body } = await client.update(staged, action);

    expect(status).toBe(201);
    expect(body).toMatchObject({ version: 2, ...expected });
    expect((await client.now(staged)).body).toEqual(body);
    await world.work();
  });

  test('removePrivateProject takes one away', async () => {
    const staged = await client.create({ privateProjects: ['any:one', 'any:two'] });
    const { body } = await client.update(staged, {
      action: 'removePrivateProject',
      privateProject: 'any:one',
    });

    expect(body.privateProjects).toEqual(['any:two']);
  });

  test('with an empty text takes an optional field away', async () => {
    const staged = await client.create({
      documentationUrl: 'https://example.com',
      creator: { email: 'a@b.c', company: 'Acme' },
    });
    const { body } = await client.update(
      staged,
      { action: 'setDocumentationUrl', documentationUrl: '' },
      { action: 'setCreatorCompany', creatorCompany: '' },
    );

    expect(body).not.toHaveProperty('documentationUrl');
    expect(body.creator).toEqual({ email: 'a@b.c' });
  });

  test.for([
    [{ action: 'setName', name: '' }, 'name'],
    [{ action: 'setName' }, 'name'],
    [{ action: 'setName', name: 'x'.repeat(257) }, 'name'],
    [{ action: 'setDescription', description: 'x'.repeat(10_001) }, 'description'],
    [{ action: 'setDescription' }, 'description'],
    [{ action: 'setDocumentationUrl' }, 'documentationUrl'],
    [{ action: 'setIntegrationTypes', integrationTypes: ['magic'] }, 'integrationTypes.0'],
    [{ action: 'setSupportedRegions', regions: [] }, 'regions'],
    [{ action: 'setSupportedRegions', regions: ['mars'] }, 'regions.0'],
    [{ action: 'setSupportedRegions', supportedRegions: ['us-east-2.aws'] }, 'regions'],
    [{ action: 'setRepository' }, 'tag'],
    [{ action: 'setCreatorName' }, 'creatorName'],
    [{ action: 'setCreatorTitle', creatorTitle: 7 }, 'creatorTitle'],
    [{ action: 'setCreatorEmail', creatorEmail: 'nobody' }, 'creatorEmail'],
    [{ action: 'setCreatorCompany', creatorCompany: null }, 'creatorCompany'],
    [
      { action: 'setCreatorNoOfContributors', creatorNoOfContributors: 0 },
      'creatorNoOfContributors',
    ],
    [{ action: 'setCreatorSupportUrl' }, 'creatorSupportUrl'],
    [{ action: 'setCreatorLogo', creatorLogo: 'x' }, 'logoUrl'],
    [{ action: 'addPrivateProject', privateProject: 'no-region' }, 'privateProject'],
    [{ action: 'removePrivateProject' }, 'privateProject'],
    [{ action: 'addCertificationComment', comment: '' }, 'comment'],
    [{ action: 'addCertificationComment', comment: 'x'.repeat(2001) }, 'comment'],
  ] as const)('%j is refused', async ([action, field]) => {
    const staged = await client.create();
    const answer = await client.update(staged, action);

    expectErrors(answer, 400, ['InvalidJsonInput']);
    expect(detailsOf(answer)[0]?.split(':')[0]).toBe(`actions.0.${field}`);
    expect((await client.now(staged)).body).toEqual(staged.body);
  });
});

describe('several update actions', () => {
  test('as the official CLI sends them count as one change', async () => {
    const staged = await client.create({ privateProjects: ['any:old'] });
    const { status, body } = await client.update(
      staged,
      { action: 'setName', name: 'Renamed' },
      { action: 'setDescription', description: 'Connects' },
      { action: 'setRepository', tag: 'v1' },
      { action: 'setCreatorEmail', creatorEmail: 'a@b.c' },
      { action: 'setSupportedRegions', regions: ['us-central1.gcp'] },
      { action: 'setIntegrationTypes', integrationTypes: ['psp'] },
      { action: 'addPrivateProject', privateProject: 'any:new' },
      { action: 'removePrivateProject', privateProject: 'any:old' },
    );

    expect(status).toBe(201);
    expect(body).toMatchObject({
      version: 2,
      name: 'Renamed',
      description: 'Connects',
      creator: { email: 'a@b.c' },
      supportedRegions: ['us-central1.gcp'],
      integrationTypes: ['psp'],
      privateProjects: ['any:new'],
      repository: { url: world.repository.url, tag: 'v1' },
    });
  });

  test('have each mistake in their fields named', async () => {
    const answer = await client.update(
      await client.create(),
      { action: 'setName', name: '' },
      { action: 'explode' },
      { action: 'setSupportedRegions', regions: ['mars', 'venus'] },
    );

    expectErrors(answer, 400, Array(4).fill('InvalidJsonInput'));
    expect(detailsOf(answer).map((detail) => detail.split(':')[0])).toEqual([
      'actions.0.name',
      'actions.1.action',
      'actions.2.regions.0',
      'actions.2.regions.1',
    ]);
  });

  test('are all refused where some do not fit, and each of these is named', async () => {
    const staged = await client.create({ privateProjects: ['any:one'] });
    const answer = await client.update(
      staged,
      { action: 'setName', name: 'Renamed' },
      { action: 'removePrivateProject', privateProject: 'any:two' },
      { action: 'addPrivateProject', privateProject: 'any:one' },
    );

    expectErrors(answer, 400, ['FieldValueNotFound', 'DuplicateField']);
    expect(answer.body.errors).toMatchObject([
      { field: 'privateProject', value: 'any:two' },
      { field: 'privateProject', duplicateValue: 'any:one' },
    ]);
    expect((await client.now(staged)).body).toEqual(staged.body);
  });

  test('set one repository at most', async () => {
    const setRepository = { action: 'setRepository', tag: 'v2' };
    const answer = await client.update(await client.create(), setRepository, setRepository);

    expectErrors(answer, 400, ['InvalidJsonInput']);
    expect(detailsOf(answer)).toEqual(['actions: setRepository may be there only once']);
  });
});

describe('private projects', () => {
  test('are named once in a new draft', async () => {
    const twice = ['any:one', 'any:two', 'any:one', 'any:two'];
    const answer = await client.create({ privateProjects: twice });

    expectErrors(answer, 400, ['DuplicateField', 'DuplicateField']);
    expect(answer.body.errors[0]).toMatchObject({
      field: 'privateProjects',
      duplicateValue: 'any:one',
    });
  });

  test('may deploy what was published since they are there, and no more once they are gone', async () => {
    const friend = await world.as('friends');
    const staged = await client.published();
    const { id } = staged.body;
    const path = `/connectors/${id}`;
    expectErrors(await friend.get(path), 404, ['ResourceNotFound']);

    const privateProject = 'europe-west1.gcp:friends';
    await client.update(staged, { action: 'addPrivateProject', privateProject }, publish);
    await world.work();
    expect((await friend.get(path)).status).toBe(200);
    const made = await friend.deploy({ connector: { id } });
    expect(made.status).toBe(201);
    await world.work();

    await client.update(staged, { action: 'removePrivateProject', privateProject }, publish);
    await world.work();
    expectErrors(await friend.get(path), 404, ['ResourceNotFound']);
    expectErrors(await friend.deploy({ connector: { id } }), 400, ['ConnectorReferenceNotFound']);
    const deploymentPath = `/friends/deployments/${made.body.id}`;
    const { body } = await friend.get(deploymentPath);
    expect(body).toMatchObject({ status: 'Deployed', connector: made.body.connector });
    const update = await world.plane.request(
      'POST',
      deploymentPath,
      { version: body.version, actions: [{ action: 'redeploy', updateConnector: true }] },
      await world.plane.token('friends'),
    );
    expectErrors(update, 400, ['DeploymentConnectorUpdateFailure']);
  });
});

describe('hasChanges', () => {
  test('tells whether the draft says something else than what is published', async () => {
    const staged = await client.create();
    const has = async (...actions: readonly object[]) =>
      (await client.update(staged, ...actions)).body.hasChanges;

    expect(await has({ action: 'setName', name: 'Before' })).toBe(false);
    await client.update(staged, publish);
    await world.work();
    expect((await client.now(staged)).body).toMatchObject({
      hasChanges: false,
      alreadyListed: true,
    });
    expect(await has({ action: 'setName', name: 'After' })).toBe(true);
    expect(await has({ action: 'setName', name: 'Before' })).toBe(false);
    expect(await has({ action: 'setRepository', tag: 'v2' })).toBe(true);
    expect(await has({ action: 'setRepository', tag: 'v1' })).toBe(false);
    expect(await has({ action: 'addCertificationComment', comment: 'x' })).toBe(false);
    expect((await client.get(`/connectors/${staged.body.id}`)).body.name).toBe('Before');
  });

  test('notices after a preview that the tag has moved since', async () => {
    const commit = (content: string, tag: string) =>
      world.repository.commit({ 'pictures/public/moving.svg': content }, tag);
    await commit('<svg>1</svg>', 'moving');
    const staged = await client.published({
      repository: { url: world.repository.url, tag: 'moving' },
    });
    await commit('<svg>2</svg>', 'moving');
    await client.update(staged, { action: 'updatePreviewable' });
    await world.work();

    expect((await client.now(staged)).body).toMatchObject({
      isPreviewable: 'true',
      hasChanges: true,
    });
  });
});

describe('while it is being published, a draft', () => {
  test('can be read and commented on, and nothing else', async () => {
    const staged = await client.create();
    await client.update(staged, publish);
    const actions = [
      { action: 'setName', name: 'Renamed' },
      { action: 'addPrivateProject', privateProject: 'any:one' },
      { action: 'updatePreviewable' },
      { action: 'unlist' },
      publish,
    ];
    for (const action of actions)
      expectErrors(await client.update(staged, action), 400, ['ConnectorStagedInvalidStatus']);
    expectErrors(await client.remove(staged), 400, ['ConnectorStagedInvalidStatus']);
    const comment = { action: 'addCertificationComment', comment: 'Take your time' };
    expect((await client.update(staged, comment)).body).toMatchObject({
      status: 'Processing',
      version: 3,
    });

    await world.work();
    expect((await client.now(staged)).body).toMatchObject({
      status: 'Published',
      version: 4,
      certificationInfo: { comments: [{ comment: 'Take your time' }] },
    });
  });
});
