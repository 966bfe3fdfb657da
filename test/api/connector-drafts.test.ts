import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Berth, startBerth } from '../support/berth.ts';
import { deploy, previewConnector, settle, undeploy } from '../support/deploy.ts';
import { makeGate } from '../support/gate.ts';
import {
  createRepository,
  type TestFiles,
  type TestRepository,
} from '../support/git-repository.ts';
import { makeTempFolder } from '../support/temp-folder.ts';
import { tinyConnector } from '../support/tiny-connector.ts';
import { unknownId } from './bodies.ts';
import { picturesDraft, shopFiles } from './shop-connector.ts';
import { addProject, detailsOf, expectErrors, publishConnector } from './support.ts';

let berth: Berth;
let repository: TestRepository;

beforeAll(async () => {
  [berth, repository] = await Promise.all([
    startBerth(),
    createRepository({ files: shopFiles, tag: 'v1' }),
  ]);
  await repository.commit({ 'connect.yaml': null }, 'without');
  await repository.commit(
    { 'connect.yaml': 'deployAs:\n  - name: a b\n    applicationType: service\n' },
    'invalid',
  );
  await repository.commit(tinyConnector({ only: {} }, { apiClient: { scopes: ['a_b'] } }), 'v2');
});

afterAll(async () => {
  await berth?.[Symbol.asyncDispose]();
  await repository?.remove();
});

const draft = (fields: Readonly<Record<string, unknown>> = {}) => ({
  name: 'A connector',
  creator: { email: 'somebody@example.com' },
  repository: { url: repository.url, tag: 'v1' },
  ...fields,
});
const create = (fields: Readonly<Record<string, unknown>> = {}) =>
  berth.request('POST', '/connectors/drafts', draft(fields));
const get = (ref: string) => berth.request('GET', `/connectors/drafts/${ref}`);
const query = (text: string) =>
  berth.request('GET', `/connectors/drafts?${text.replaceAll(' ', '%20')}`);
const now = ({ body }: Answer) => get(body.id);
const remove = ({ body }: Answer) => berth.request('DELETE', `/connectors/drafts/${body.id}`);
const update = ({ body }: Answer, ...actions: readonly object[]) =>
  berth.request('POST', `/connectors/drafts/${body.id}`, { version: body.version, actions });
const previewed = (staged: Answer) =>
  settle(
    () => now(staged),
    ({ body }) => body.isPreviewable !== 'pending',
  );
const processed = (staged: Answer) =>
  settle(
    () => now(staged),
    ({ body }) => body.status !== 'Processing',
  );

const updatePreviewable = { action: 'updatePreviewable' };
const publish = { action: 'publish', certification: false };
const titles = (report: { entries: { type: string; title: string }[] }) =>
  report.entries.map(({ type, title }) => `${type}: ${title}`);

/** A connector whose build waits for the gate. */
async function gated() {
  const gate = makeGate(await makeTempFolder(), 'build');
  const files: TestFiles = tinyConnector({
    slow: { packageScripts: { build: 'node build.cjs' }, files: { 'build.cjs': gate.program('') } },
  });
  const source = await createRepository({ files, tag: 'v1' });
  const staged = await create({ repository: { url: source.url, tag: 'v1' } });
  return { gate, source, staged, [Symbol.asyncDispose]: () => source.remove() };
}

describe('a new draft', () => {
  test('is answered with what its connect.yaml says', async () => {
    const key = `draft-${randomUUID()}`;
    const { status, body } = await create({ key });

    expect(status).toBe(201);
    expect(body).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4/),
      key,
      version: 1,
      name: 'A connector',
      description: '',
      creator: { email: 'somebody@example.com' },
      repository: { url: repository.url, tag: 'v1' },
      integrationTypes: [],
      supportedRegions: [],
      private: true,
      privateProjects: [],
      status: 'Draft',
      isPreviewable: 'none',
      alreadyListed: false,
      hasChanges: false,
      globalConfiguration: {
        standardConfiguration: [
          { key: 'PLACE', description: 'PLACE', required: true, default: 'Berlin' },
          { key: 'STREET', description: 'STREET', required: true },
        ],
        securedConfiguration: [{ key: 'SHARED', description: 'SHARED', required: true }],
      },
    });
    expect(body.configurations).toMatchObject([
      { applicationName: 'web', applicationType: 'service' },
      { applicationName: 'handler', applicationType: 'event' },
      { applicationName: 'tick', applicationType: 'job' },
      { applicationName: 'pictures', applicationType: 'assets', standardConfiguration: [] },
    ]);
    expect(body.configurations[0].standardConfiguration[0]).toEqual({
      key: 'VALUE',
      description: 'VALUE',
      required: false,
      default: 'hello',
    });
    for (const absent of ['previewableReport', 'publishingReport', 'apiClient', 'commit', 'spec']) {
      expect(body).not.toHaveProperty(absent);
    }
    expect((await get(body.id)).body).toEqual(body);
    expect((await get(`key=${key}`)).body).toEqual(body);
  });

  test('keeps all that is said of it', async () => {
    const fields = {
      description: 'Connects',
      integrationTypes: ['tax', 'other'],
      supportedRegions: ['us-central1.gcp', 'eu-central-1.aws'],
      privateProjects: ['us-central1.gcp:a-project'],
      documentationUrl: 'https://example.com/docs',
      creator: {
        email: 'a@b.c',
        name: 'A',
        title: 'B',
        company: 'C',
        logoUrl: 'https://example.com/logo',
        noOfContributors: 3,
        supportUrl: 'https://example.com/support',
      },
      repository: { url: repository.url, tag: 'v2' },
    };
    const { body } = await create(fields);

    expect(body).toMatchObject({ ...fields, apiClient: { scopes: ['a_b'] } });
  });

  test('has a key of its own in its project', async () => {
    const key = `twice-${randomUUID()}`;
    const answers = await Promise.all([create({ key }), create({ key })]);
    const [refused, ...others] = answers.filter(({ status }) => status !== 201);

    expect(others).toEqual([]);
    if (refused === undefined) throw new Error('Both were made');
    expectErrors(refused, 400, ['DuplicateField']);
    expect(refused.body.errors[0]).toMatchObject({ field: 'key', duplicateValue: key });
  });

  test.for([
    ['a repository that does not exist', { url: 'file:///nowhere/connector.git', tag: 'v1' }],
    ['a host that does not answer', { url: 'https://127.0.0.1:1/a.git', tag: 'v1' }],
    ['a folder that is no repository', { url: 'file:///tmp', tag: 'v1' }],
    ['a way to fetch that Berth does not take', { url: 'ext::sh -c date', tag: 'v1' }],
  ] as const)('cannot be of %s', async ([, source]) => {
    const answer = await create({ repository: source });

    if (source.url.includes(' ')) return expectErrors(answer, 400, ['InvalidJsonInput']);
    expectErrors(answer, 400, ['GitRepositoryNotReachable']);
    expect(answer.body.message).toBe('Repository with the tag is not reachable');
    expect(answer.body.errors[0].detailedErrorMessage).toMatch(/./);
  });

  test('cannot be of a tag that does not exist', async () => {
    const answer = await create({ repository: { url: repository.url, tag: 'v99' } });

    expectErrors(answer, 400, ['GitRepositoryNotReachable']);
    expect(detailsOf(answer)[0]).toContain('v99');
  });

  test('needs a connect.yaml', async () => {
    const answer = await create({ repository: { url: repository.url, tag: 'without' } });

    expectErrors(answer, 400, ['ConnectorSpecificationFileNotFound']);
    expect(answer.body.message).toBe(
      `The file connect.yaml at ${repository.url} with the tag without was not found`,
    );
  });

  test('needs a valid connect.yaml, and is told each mistake in it', async () => {
    const answer = await create({ repository: { url: repository.url, tag: 'invalid' } });

    expectErrors(answer, 400, ['ConnectorSpecificationFileNotValid']);
    expect(answer.body.message).toBe(
      `The file connect.yaml at ${repository.url} with the tag invalid is not valid`,
    );
    expect(detailsOf(answer)[0]).toMatch(
      /\[deployAs\.0\.name\]: .*\n.*\[deployAs\.0\.endpoint\]: /,
    );
  });

  test.for([
    [{ key: 'a' }, 'key'],
    [{ key: 'a b' }, 'key'],
    [{ name: '' }, 'name'],
    [{ creator: {} }, 'creator.email'],
    [{ creator: { email: 'nobody' } }, 'creator.email'],
    [{ creator: { email: 'a@b.c', noOfContributors: 0 } }, 'creator.noOfContributors'],
    [{ integrationTypes: ['magic'] }, 'integrationTypes.0'],
    [{ supportedRegions: ['eastus.azure'] }, 'supportedRegions.0'],
    [{ privateProjects: ['without-region'] }, 'privateProjects.0'],
    [{ privateProjects: ['region:p'] }, 'privateProjects.0'],
    [{ repository: { url: '-u', tag: 'v1' } }, 'repository.url'],
    [{ repository: { url: 'https://a.b/c.git', tag: '../v1' } }, 'repository.tag'],
    [{ repository: { url: 'https://a.b/c.git', tag: '--upload-pack' } }, 'repository.tag'],
    [{ repository: { url: 'https://a.b/c.git', tag: 'v1..v2' } }, 'repository.tag'],
    [{ repository: { url: 'https://a.b/c.git' } }, 'repository.tag'],
  ] as const)('with %j is refused', async ([fields, path]) => {
    const answer = await create(fields);

    expectErrors(answer, 400, ['InvalidJsonInput']);
    expect(detailsOf(answer)[0]?.split(':')[0]).toBe(path);
  });
});

describe('a draft', () => {
  test('that does not exist is not found', async () => {
    for (const ref of [unknownId, 'key=nobody']) {
      expectErrors(await get(ref), 404, ['ResourceNotFound']);
      expectErrors(await berth.request('DELETE', `/connectors/drafts/${ref}`), 404, [
        'ResourceNotFound',
      ]);
      const sent = { version: 1, actions: [updatePreviewable] };
      expectErrors(await berth.request('POST', `/connectors/drafts/${ref}`, sent), 404, [
        'ResourceNotFound',
      ]);
    }
    expect((await get(unknownId)).body.message).toBe(
      `ConnectorStaged with id=${unknownId} or key= does not exist`,
    );
  });

  test('with an id or key that nobody can have is an invalid parameter', async () => {
    for (const ref of ['1', 'key=a', unknownId.slice(1)]) {
      expectErrors(await get(ref), 400, ['InvalidPathParam']);
    }
  });

  test('is changed in its newest version only', async () => {
    const staged = await create();
    const answer = await update(
      { ...staged, body: { ...staged.body, version: 5 } },
      updatePreviewable,
    );

    expectErrors(answer, 409, ['ConcurrentModification']);
    expect(answer.body.errors[0]).toMatchObject({ expectedVersion: 5, currentVersion: 1 });
    expect((await now(staged)).body).toEqual(staged.body);
  });

  test('is changed once where several ask for it at the same time', async () => {
    const staged = await create();
    const setRepository = { action: 'setRepository', tag: 'v2' };
    const answers = await Promise.all([1, 2, 3].map(() => update(staged, setRepository)));

    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409]);
    expect((await now(staged)).body.version).toBe(2);
  });

  test.for([
    [{}],
    [{ action: 'explode' }],
    [{ action: 'setRepository' }],
    [{ action: 'setRepository', url: ' ', tag: 'v1' }],
    [{ action: 'publish' }],
    [{ action: 'publish', certification: 'no' }],
    [{ action: '__proto__' }],
  ] as const)('is not changed by %j', async ([action]) => {
    const staged = await create();

    expectErrors(await update(staged, action), 400, ['InvalidJsonInput']);
    expect((await now(staged)).body).toEqual(staged.body);
  });

  test('is not changed by no action at all', async () => {
    expectErrors(await update(await create()), 400, ['InvalidJsonInput']);
  });
});

describe('setRepository', () => {
  test('without a url keeps the repository, and reads what the new tag says', async () => {
    const staged = await create();
    const { status, body } = await update(staged, { action: 'setRepository', tag: 'v2' });

    expect(status).toBe(201);
    expect(body).toMatchObject({
      version: 2,
      repository: { url: repository.url, tag: 'v2' },
      configurations: [{ applicationName: 'only' }],
      // Of what was published, and nothing was.
      hasChanges: false,
      isPreviewable: 'none',
    });
  });

  test('asks for a new preview', async () => {
    const staged = await previewConnector(berth, { url: repository.url, tag: 'v1' });
    const { body } = await update(staged, { action: 'setRepository', tag: 'v2' });

    expect([staged.body.isPreviewable, body.isPreviewable]).toEqual(['true', 'none']);
    expect(body).not.toHaveProperty('previewableReport');
  });

  test.for([
    ['v99', 'GitRepositoryNotReachable'],
    ['without', 'ConnectorSpecificationFileNotFound'],
    ['invalid', 'ConnectorSpecificationFileNotValid'],
  ] as const)('to the tag %s changes nothing', async ([tag, code]) => {
    const staged = await create();

    expectErrors(await update(staged, { action: 'setRepository', tag }), 400, [code]);
    expect((await now(staged)).body).toEqual(staged.body);
  });

  test('overtakes a preview that runs', async () => {
    await using slow = await gated();
    const pending = await update(slow.staged, updatePreviewable);
    await expect.poll(() => slow.gate.arrivals(), { timeout: 60_000 }).not.toHaveLength(0);
    const moved = { action: 'setRepository', url: repository.url, tag: 'v1' };
    const changed = await update(pending, moved);
    await slow.gate.open();
    const again = await previewed(await update(changed, updatePreviewable));

    expect(changed.body).toMatchObject({ version: 3, isPreviewable: 'none' });
    expect(again.body).toMatchObject({
      version: 5,
      isPreviewable: 'true',
      repository: { tag: 'v1' },
    });
  });
});

describe('updatePreviewable', () => {
  test('checks the connector, once at a time', async () => {
    await using slow = await gated();
    const pending = await update(slow.staged, updatePreviewable);
    expect([pending.status, pending.body.version]).toEqual([201, 2]);
    expect(pending.body).toMatchObject({ isPreviewable: 'pending', status: 'Draft' });

    const again = await update(pending, updatePreviewable);
    expectErrors(again, 400, ['ConnectorStagedPreviewRequestUnderProcess']);
    expect(again.body.message).toBe('The ConnectorStaged preview request is already in progress');

    await slow.gate.open();
    const { body } = await previewed(pending);
    expect(body).toMatchObject({ version: 3, isPreviewable: 'true', status: 'Draft' });
    expect(titles(body.previewableReport)).toEqual(
      expect.arrayContaining([
        'Information: Connector specification file validation check succeeded',
        'Information: Application Build check succeeded',
      ]),
    );
  });

  test('says why a connector cannot be previewed, and may be asked again', async () => {
    const files = tinyConnector({ web: { packageScripts: { build: 'exit 3' } } });
    await using source = await createRepository({ files, tag: 'v1' });
    const staged = await previewConnector(berth, { url: source.url, tag: 'v1' });

    expect(staged.body.isPreviewable).toBe('false');
    expect(titles(staged.body.previewableReport)).toContain(
      'Error: Application Build check failed',
    );
    const answer = await deploy(berth, {
      connector: { id: staged.body.id, staged: true },
      region: 'europe-west1.gcp',
      configurations: [],
    });
    expectErrors(answer, 400, ['ConnectorStagedNotPreviewable']);
    expect(answer.body.message).toBe(
      `Connector id=${staged.body.id} or key= with version 3 is not previewable`,
    );
    expect((await update(staged, updatePreviewable)).body.isPreviewable).toBe('pending');
  });
});

describe('publish', () => {
  test('makes a connector that can be read, by id and by key', async () => {
    const key = `published-${randomUUID()}`;
    const staged = await create({ key, privateProjects: ['us-east-2.aws:friendly-project'] });
    const processing = await update(staged, publish);
    expect(processing.body).toMatchObject({ status: 'Processing', version: 2 });

    const { body } = await processed(processing);
    expect(body).toMatchObject({ status: 'Published', alreadyListed: true, version: 3 });
    expect(titles(body.publishingReport)).toContain(
      'Information: Application Build check succeeded',
    );
    for (const ref of [body.id, `key=${key}`]) {
      const connector = await berth.request('GET', `/connectors/${ref}`);
      expect(connector.status).toBe(200);
      expect(connector.body).toMatchObject({
        id: body.id,
        key,
        version: 3,
        private: true,
        certified: false,
        repository: { tag: 'v1' },
        configurations: body.configurations,
      });
      for (const absent of ['status', 'isPreviewable', 'hasChanges', 'privateProjects', 'commit']) {
        expect(connector.body).not.toHaveProperty(absent);
      }
    }
    const friend = await addProject(berth, 'friendly-project');
    const seen = await berth.request('GET', `/connectors/${body.id}`, undefined, friend.token);
    expect(seen.status).toBe(200);
  });

  test('with certification waits for somebody to certify it', async () => {
    const staged = await create();
    const { body } = await processed(
      await update(staged, { action: 'publish', certification: true }),
    );

    expect(body).toMatchObject({ status: 'ReadyForCertification', alreadyListed: false });
    expectErrors(await berth.request('GET', `/connectors/${body.id}`), 404, ['ResourceNotFound']);
  });

  test('again moves the connector on, and deployments of it stay what they are', async () => {
    const staged = await previewConnector(berth, { url: repository.url, tag: 'v1' });
    const first = await publishConnector(berth, staged);
    const made = await deploy(berth, picturesDraft(first));
    const changed = await update(await now(staged), { action: 'setRepository', tag: 'v2' });
    expect(changed.body).toMatchObject({ hasChanges: true, status: 'Published' });
    expect((await berth.request('GET', `/connectors/${staged.body.id}`)).body).toEqual(first.body);

    const second = await publishConnector(berth, changed);
    expect(second.body.version).toBeGreaterThan(first.body.version);
    expect(second.body).toMatchObject({ id: first.body.id, repository: { tag: 'v2' } });
    expect((await now(staged)).body.hasChanges).toBe(false);
    const { body } = await berth.request('GET', `/test-project/deployments/${made.body.id}`);
    expect(body.connector).toEqual(made.body.connector);
  });

  test('lets nobody change or delete the draft meanwhile', async () => {
    await using slow = await gated();
    const processing = await update(slow.staged, publish);
    await expect.poll(() => slow.gate.arrivals(), { timeout: 60_000 }).not.toHaveLength(0);

    for (const action of [publish, updatePreviewable, { action: 'setRepository', tag: 'v1' }]) {
      expectErrors(await update(processing, action), 400, ['ConnectorStagedInvalidStatus']);
    }
    expectErrors(await remove(processing), 400, ['ConnectorStagedInvalidStatus']);
    expect((await now(processing)).body.version).toBe(2);
    await slow.gate.open();
    expect((await processed(processing)).body.status).toBe('Published');
  });

  test('is not asked for twice at once, nor together with what must come before it', async () => {
    const staged = await create();

    for (const actions of [
      [publish, publish],
      [publish, updatePreviewable],
      [publish, { action: 'setRepository', tag: 'v2' }],
    ]) {
      expectErrors(await update(staged, ...actions), 400, ['ConnectorStagedInvalidStatus']);
    }
    expect((await now(staged)).body).toEqual(staged.body);
    const both = await update(staged, { action: 'setRepository', tag: 'v2' }, publish);
    expect((await processed(both)).body).toMatchObject({
      status: 'Published',
      repository: { tag: 'v2' },
    });
  });

  test('that fails says why, and leaves the connector as it was', async () => {
    const files = tinyConnector({ web: { packageScripts: { build: 'exit 3' } } });
    await using source = await createRepository({ files, tag: 'v1' });
    const staged = await create({ repository: { url: source.url, tag: 'v1' } });
    const { body } = await processed(await update(staged, publish));

    expect(body).toMatchObject({ status: 'Failed', alreadyListed: false });
    expect(titles(body.publishingReport)).toContain('Error: Application Build check failed');
    expectErrors(await berth.request('GET', `/connectors/${body.id}`), 404, ['ResourceNotFound']);
  });
});

describe('a deletion', () => {
  test('answers the draft, once', async () => {
    const key = `deleted-${randomUUID()}`;
    const staged = await create({ key });
    const { status, body } = await remove(staged);

    expect([status, body]).toEqual([200, staged.body]);
    for (const ref of [staged.body.id, `key=${key}`]) {
      expectErrors(await get(ref), 404, ['ResourceNotFound']);
    }
    expectErrors(await remove(staged), 404, ['ResourceNotFound']);
    expect((await create({ key })).status).toBe(201);
  });

  test('is refused while a deployment uses the draft', async () => {
    const staged = await previewConnector(berth, { url: repository.url, tag: 'v1' });
    const made = await deploy(berth, picturesDraft(staged));
    const refused = await remove(staged);
    expectErrors(refused, 400, ['ConnectorStagedInvalidStatus']);
    expect(refused.body.message).toContain('1 Deployment');

    await undeploy(berth, made.body.id);
    expect((await remove(staged)).status).toBe(200);
  });

  test('is refused once it is published', async () => {
    const staged = await create();
    await processed(await update(staged, publish));

    expectErrors(await remove(staged), 400, ['ConnectorStagedInvalidStatus']);
  });

  test('ends a preview that waits or runs', async () => {
    await using slow = await gated();
    await update(slow.staged, updatePreviewable);

    expect((await remove(slow.staged)).status).toBe(200);
    await slow.gate.open();
    expectErrors(await now(slow.staged), 404, ['ResourceNotFound']);
  });
});

describe('a query of drafts', () => {
  test('pages through the drafts of the project, the newest first', async () => {
    const project = await addProject(berth, 'listing-project');
    const asked = (path: string, body?: unknown) =>
      berth.request(body === undefined ? 'GET' : 'POST', path, body, project.token);
    const made: string[] = [];
    for (const name of ['first', 'second', 'third']) {
      made.unshift((await asked('/connectors/drafts', draft({ name }))).body.id);
    }
    const ids = async (text: string) => {
      const { body } = await asked(`/connectors/drafts?${text.replaceAll(' ', '%20')}`);
      expect(body).toMatchObject({ total: 3, count: body.results.length });
      return body.results.map(({ id }: { id: string }) => id);
    };

    expect(await ids('')).toEqual(made);
    expect(await ids('sort=createdAt asc')).toEqual(made.toReversed());
    expect(await ids('limit=2')).toEqual(made.slice(0, 2));
    expect(await ids('limit=2&offset=2')).toEqual(made.slice(2));
    expect(await ids('limit=0')).toEqual([]);
    expect(await ids('isPrivate=true')).toEqual(made);
  });

  test('finds the private ones or the others', async () => {
    const all = await query('limit=500');
    const open = await query('isPrivate=false&limit=500');

    expect(all.body.total).toBeGreaterThan(0);
    expect(open.body).toMatchObject({ count: 0, total: 0, results: [] });
    expectErrors(await query('isPrivate=maybe'), 400, ['InvalidQueryParam']);
    expectErrors(await query('limit=501&offset=-1'), 400, [
      'InvalidQueryParam',
      'InvalidQueryParam',
    ]);
  });
});

describe('a connector', () => {
  test('that does not exist is not found', async () => {
    for (const ref of [unknownId, 'key=nobody']) {
      expectErrors(await berth.request('GET', `/connectors/${ref}`), 404, ['ResourceNotFound']);
    }
    expectErrors(await berth.request('GET', '/connectors/no-id'), 400, ['InvalidPathParam']);
  });
});
