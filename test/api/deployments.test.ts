import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Berth, startBerth } from '../support/berth.ts';
import { deploy, previewConnector, settleDeployment } from '../support/deploy.ts';
import { createRepository, type TestRepository } from '../support/git-repository.ts';
import { tinyConnector } from '../support/tiny-connector.ts';
import { unknownId } from './bodies.ts';
import {
  globals,
  picturesDraft,
  shopDraft,
  shopFiles,
  shopGlobals,
  values,
  webValues,
} from './shop-connector.ts';
import {
  addProject,
  codesOf,
  detailsOf,
  expectErrors,
  publishConnector,
  type TestProject,
  tokenWith,
} from './support.ts';

let berth: Berth;
let repositories: readonly TestRepository[];
let partner: TestProject;
/** Previewable, and published as `published`; visible to the partner's project. */
let shop: Answer;
let published: Answer;
/** No preview has been asked for. */
let fresh: Answer;
/** For `us-central1.gcp` only, and of another integration type. */
let regional: Answer;
/** Asks for an API client of its own. */
let asking: Answer;

beforeAll(async () => {
  const [started, shopSource, askingSource] = await Promise.all([
    // Enough workers, so that no deployment has to wait for another test's.
    startBerth({ environment: { BERTH_WORKERS: '16' } }),
    createRepository({ files: shopFiles, tag: 'v1' }),
    createRepository({
      files: tinyConnector({ web: {} }, { apiClient: { scopes: ['manage_orders'] } }),
      tag: 'v1',
    }),
  ]);
  berth = started;
  repositories = [shopSource, askingSource];
  partner = await addProject(berth, 'partner-project', { productionEnabled: false });
  const repository = { url: shopSource.url, tag: 'v1' };
  const fields = {
    name: 'Fresh',
    creator: { email: 'somebody@example.com' },
    key: 'fresh',
    repository,
  };
  [shop, regional, asking, fresh] = await Promise.all([
    previewConnector(berth, repository, {
      key: 'shop',
      integrationTypes: ['tax', 'erp'],
      privateProjects: ['europe-west1.gcp:partner-project'],
    }),
    previewConnector(berth, repository, {
      integrationTypes: ['psp'],
      supportedRegions: ['us-central1.gcp'],
    }),
    previewConnector(berth, { url: askingSource.url, tag: 'v1' }),
    berth.request('POST', '/connectors/drafts', fields),
  ]);
  published = await publishConnector(berth, shop);
});

afterAll(async () => {
  await berth?.[Symbol.asyncDispose]();
  await Promise.all((repositories ?? []).map((repository) => repository.remove()));
});

const create = (draft: unknown, token?: string) =>
  berth.request('POST', '/test-project/deployments', draft, token);
const createForPartner = (draft: unknown) =>
  berth.request('POST', '/partner-project/deployments', draft, partner.token);
const get = (ref: string) => berth.request('GET', `/test-project/deployments/${ref}`);
const query = (text: string) =>
  berth.request('GET', `/test-project/deployments?${text.replaceAll(' ', '%20')}`);

describe('a new deployment', () => {
  test('is checked in the order of the contract', async () => {
    const key = `taken-${randomUUID()}`;
    expect((await create(picturesDraft(shop, { key }))).status).toBe(201);
    const withoutScope = await tokenWith(berth, ['view_connectors_deployments']);
    // Every mistake at once; each step mends the one that was named.
    const wrong = {
      key,
      type: 'sandbox',
      region: 'mars',
      connector: { id: unknownId, staged: true },
      configurations: [],
      globalConfiguration: globals({ NOBODY: '' }),
    };
    const steps: readonly [object, string][] = [
      [{ ...wrong, region: 7 }, 'InvalidJsonInput'],
      [{}, 'ConnectorReferenceNotFound'],
      [{ connector: { id: fresh.body.id, staged: true } }, 'ConnectorStagedNotPreviewable'],
      [{ connector: { id: shop.body.id, staged: true } }, 'DeploymentInvalidType'],
      [{ type: 'preview' }, 'DeploymentUnsupportedRegion'],
      [{ region: 'europe-west1.gcp' }, 'DuplicateField'],
      [{ key: `free-${randomUUID()}` }, 'DeploymentApplicationRequired'],
      [{ configurations: [values('nobody')] }, 'DeploymentUnknownApplicationConfiguration'],
      [{ configurations: [values('web')] }, 'DeploymentUnknownGlobalConfigurationKey'],
      [{ globalConfiguration: globals() }, 'DeploymentMissingGlobalConfigurationKey'],
      [{ globalConfiguration: shopGlobals }, 'DeploymentMissingApplicationConfigurationKey'],
    ];

    expectErrors(await create(wrong, withoutScope), 403, ['AuthorizationError']);
    let draft: object = wrong;
    for (const [mended, code] of steps) {
      const sent = { ...draft, ...mended };
      const answer = await create(sent);
      expect([answer.status, codesOf(answer)[0]], JSON.stringify(answer.body)).toEqual([400, code]);
      if (code !== 'InvalidJsonInput') draft = sent;
    }
    const answer = await create({ ...draft, configurations: [webValues] });
    expect([answer.status, answer.body.status]).toEqual([201, 'Deploying']);
  });

  test('is answered as it will be, with its secrets masked and in the order of the request', async () => {
    const { status, body } = await create(
      shopDraft(shop, {
        key: `shown-${randomUUID()}`,
        configurations: [
          values('tick'),
          values('web', { NOTE: 'n', NEEDED: 'x' }, { SPARE: 'longer than the mask', TOKEN: 't' }),
          values('handler'),
        ],
      }),
    );

    expect(status).toBe(201);
    expect(body).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-/),
      version: 1,
      type: 'preview',
      preview: true,
      status: 'Deploying',
      deployedRegion: 'europe-west1.gcp',
      connector: {
        id: shop.body.id,
        key: 'shop',
        version: shop.body.version + 2,
        name: 'A connector',
        integrationTypes: ['tax', 'erp'],
        repository: { tag: 'v1' },
        certified: false,
      },
      globalConfiguration: {
        standardConfiguration: [{ key: 'STREET', value: 'Quay' }],
        securedConfiguration: [{ key: 'SHARED', value: '********' }],
      },
      details: { build: { id: expect.stringMatching(/./), report: { entries: [] } } },
    });
    expect(body.applications).toEqual([
      { id: expect.any(String), ...values('tick') },
      {
        id: expect.any(String),
        ...values('web', { NOTE: 'n', NEEDED: 'x' }, { SPARE: '********', TOKEN: '********' }),
      },
      { id: expect.any(String), ...values('handler') },
    ]);
    expect(JSON.stringify(body)).not.toContain('longer than');

    const settled = await settleDeployment(berth, body.id);
    expect(settled.body).toMatchObject({
      status: 'Deployed',
      version: 1,
      applications: [
        { applicationName: 'tick', schedule: '0 3 * * *' },
        { applicationName: 'web', url: expect.stringMatching(/^http:\/\/localhost:\d+\/web$/) },
        { applicationName: 'handler', topic: expect.stringMatching(/./) },
      ],
    });
    expect(settled.body.applications[0]).not.toHaveProperty('url');
    expect(settled.body.applications[1]).not.toHaveProperty('topic');
  });

  test('consists of the applications that were listed, and its report names the others', async () => {
    const { body } = await deploy(berth, picturesDraft(shop));

    expect(body.applications).toMatchObject([{ applicationName: 'pictures' }]);
    expect(JSON.stringify(body.details.build.report.entries)).toContain('do not list \\"web\\"');
  });

  test('of a staged connector is a preview, and nothing else', async () => {
    for (const type of ['sandbox', 'production']) {
      const answer = await create(picturesDraft(shop, { type }));
      expectErrors(answer, 400, ['DeploymentInvalidType']);
      expect(answer.body.message).toBe(
        `The Connector id=${shop.body.id} or key=shop cannot be deployed as a '${type}' type. Only 'preview' types are allowed.`,
      );
    }
    expect((await create(picturesDraft(shop, { type: 'preview' }))).body.type).toBe('preview');
  });

  test('of a published connector is a sandbox unless production is asked for', async () => {
    expect((await create(picturesDraft(published))).body).toMatchObject({
      type: 'sandbox',
      preview: false,
    });
    expect((await create(picturesDraft(published, { type: 'production' }))).body.type).toBe(
      'production',
    );
    expectErrors(await create(picturesDraft(published, { type: 'preview' })), 400, [
      'DeploymentInvalidType',
    ]);
  });

  test('for production needs a project that may', async () => {
    const draft = picturesDraft(published, { type: 'production' });

    expectErrors(await createForPartner(draft), 400, ['DeploymentProductionDeactivated']);
  });

  test('may be of a connector that lists the project as one of its own', async () => {
    const preview = await createForPartner(picturesDraft(shop));
    const sandbox = await createForPartner(picturesDraft(published));
    const hidden = await createForPartner(picturesDraft(regional));

    expect([preview.status, sandbox.status]).toEqual([201, 201]);
    expectErrors(hidden, 400, ['ConnectorReferenceNotFound']);
  });

  test('names its connector by id or key, and the id wins', async () => {
    const byKey = await create(picturesDraft(shop, { connector: { key: 'shop', staged: true } }));
    const byBoth = await create(
      picturesDraft(shop, { connector: { id: shop.body.id, key: 'nobody', staged: true } }),
    );
    const byNone = await create(picturesDraft(shop, { connector: { staged: true } }));

    expect(byKey.body.connector.id).toBe(shop.body.id);
    expect(byBoth.body.connector.id).toBe(shop.body.id);
    expectErrors(byNone, 400, ['InvalidJsonInput']);
    expect(detailsOf(byNone)).toEqual(['connector: Either id or key is required']);
  });

  test('may ask for the newest version of its connector, and for no other', async () => {
    const at = (version: number) =>
      create(picturesDraft(published, { connector: { id: published.body.id, version } }));

    expect((await at(published.body.version)).status).toBe(201);
    const answer = await at(published.body.version + 1);
    expectErrors(answer, 400, ['ConnectorReferenceNotFound']);
    expect(answer.body.message).toBe(
      `Connector '${published.body.id}' with version ${published.body.version + 1} not found`,
    );
  });

  test('goes to a region that its connector supports', async () => {
    const at = (connector: Answer, region: string) => create(picturesDraft(connector, { region }));

    expect((await at(regional, 'us-central1.gcp')).status).toBe(201);
    expect((await at(shop, 'us-east-2.aws')).status).toBe(201);
    expectErrors(await at(regional, 'europe-west1.gcp'), 400, ['DeploymentUnsupportedRegion']);
    const unknown = await at(shop, 'eastus.azure');
    expectErrors(unknown, 400, ['DeploymentUnsupportedRegion']);
    expect(unknown.body.message).toBe('Deployment unsupported region eastus.azure');
  });

  test('has a key of its own in its project', async () => {
    const key = `unique-${randomUUID()}`;
    const answers = await Promise.all([1, 2, 3].map(() => create(picturesDraft(shop, { key }))));
    const refused = answers.filter(({ status }) => status !== 201);

    expect(refused).toHaveLength(2);
    for (const answer of refused) {
      expectErrors(answer, 400, ['DuplicateField']);
      expect(answer.body.errors[0]).toMatchObject({ field: 'key', duplicateValue: key });
      expect(answer.body.message).toBe(`A duplicate value ${key} exists for field key.`);
    }
    expect((await createForPartner(picturesDraft(shop, { key }))).status).toBe(201);
  });

  test('names every application and key that its connector does not have', async () => {
    const answer = await create(
      shopDraft(shop, {
        configurations: [
          values('web', { NEEDED: 'x', TOKEN: 'in the wrong list', OTHER: '' }, { NOTE: 'too' }),
          values('nobody'),
          values('handler', { VALUE: 'of another application' }),
        ],
      }),
    );

    expectErrors(answer, 400, [
      'DeploymentUnknownApplicationConfigurationKey',
      'DeploymentUnknownApplicationConfigurationKey',
      'DeploymentUnknownApplicationConfigurationKey',
      'DeploymentUnknownApplicationConfiguration',
      'DeploymentUnknownApplicationConfigurationKey',
    ]);
    expect(answer.body.errors.map(({ message }: { message: string }) => message)).toEqual([
      'Deployment does not require standard configuration with key TOKEN for application named web.',
      'Deployment does not require standard configuration with key OTHER for application named web.',
      'Deployment does not require secret configuration with key NOTE for application named web.',
      "Deployment does not require configuration for application named 'nobody'.",
      'Deployment does not require standard configuration with key VALUE for application named handler.',
    ]);
  });

  test('needs the required keys of its applications, but not those with a default', async () => {
    const missing = await create(shopDraft(shop, { configurations: [values('web')] }));
    const empty = await create(
      shopDraft(shop, { configurations: [values('web', { NEEDED: '', MODE: '' }, { TOKEN: '' })] }),
    );

    expectErrors(missing, 400, [
      'DeploymentMissingApplicationConfigurationKey',
      'DeploymentMissingApplicationConfigurationKey',
    ]);
    expect(missing.body.message).toBe(
      'Deployment configuration requires standard with key NEEDED for application named web.',
    );
    expectErrors(empty, 400, Array(3).fill('DeploymentEmptyRequiredApplicationConfigurationKey'));
    expect(empty.body.errors[2].message).toBe(
      'Deployment requires a non empty value for secret configuration with key TOKEN for application named web.',
    );
    expect((await create(shopDraft(shop))).status).toBe(201);
  });

  test('needs the required global keys, but not those with a default', async () => {
    const withGlobals = (globalConfiguration: unknown) =>
      create(shopDraft(shop, { globalConfiguration }));

    for (const nothing of [undefined, {}, globals()]) {
      const answer = await withGlobals(nothing);
      expectErrors(answer, 400, Array(2).fill('DeploymentMissingGlobalConfigurationKey'));
      expect(answer.body.errors[1].message).toBe(
        'Deployment global configuration requires secret with key SHARED.',
      );
    }
    expectErrors(
      await withGlobals(globals({ STREET: '', PLACE: '' }, { SHARED: '' })),
      400,
      Array(3).fill('DeploymentEmptyRequiredGlobalConfigurationKey'),
    );
    const unknown = await withGlobals(globals({ SHARED: '' }, { STREET: '' }));
    expectErrors(unknown, 400, Array(2).fill('DeploymentUnknownGlobalConfigurationKey'));
    expect(unknown.body.errors.map(({ message }: { message: string }) => message)).toEqual([
      'Deployment global configuration does not require standard with key SHARED.',
      'Deployment global configuration does not require secret with key STREET.',
    ]);
  });

  test('gives its applications the defaults of what was not sent', async () => {
    const { body } = await deploy(berth, shopDraft(shop));
    const ask = async (path: string) => (await fetch(`${body.applications[0].url}${path}`)).text();

    expect(body.status, JSON.stringify(body.details)).toBe('Deployed');
    expect(await ask('')).toBe('hello');
    expect(await ask('/env/MODE')).toBe('plain');
    expect(await ask('/env/NEEDED')).toBe('yes');
    expect(await ask('/env/NOTE')).toBe('unset');
    expect(await ask('/env/TOKEN')).toBe('a token');
    expect(await ask('/env/PLACE')).toBe('Berlin');
    expect(await ask('/env/SHARED')).toBe('shared secret');
    expect(body.applications[0].standardConfiguration).toEqual([{ key: 'NEEDED', value: 'yes' }]);
  });

  test('may have another schedule than its connector’s', async () => {
    const draft = (schedule: unknown) =>
      shopDraft(shop, { configurations: [{ ...values('tick'), schedule }] });
    const { body } = await deploy(berth, draft(' @every 10h\n'));

    expect(body.applications[0].schedule).toBe('@every 10h');
    for (const wrong of ['often', '* * *', '61 * * * *', 7, '']) {
      const answer = await create(draft(wrong));
      expectErrors(answer, 400, ['InvalidJsonInput']);
      expect(detailsOf(answer)[0]).toMatch(/^configurations.0.schedule: /);
    }
  });

  test('may have another retry policy than its connector’s', async () => {
    const draft = (retryPolicy: unknown) =>
      shopDraft(shop, { configurations: [{ ...values('handler'), retryPolicy }] });
    const backoff = { strategy: 'exponential-backoff', minBackoffSeconds: 1, maxBackoffSeconds: 9 };

    expect((await create(draft(backoff))).body.applications[0].retryPolicy).toEqual(backoff);
    for (const wrong of [
      {},
      { strategy: 7 },
      { ...backoff, minBackoffSeconds: '1' },
      { ...backoff, maxAttempts: null },
    ]) {
      expectErrors(await create(draft(wrong)), 400, ['InvalidJsonInput']);
    }
  });

  test('is refused with a retry policy that breaks its rules, and every breach is named', async () => {
    const answer = await create(
      shopDraft(shop, {
        configurations: [
          {
            ...values('handler'),
            retryPolicy: {
              strategy: 'exponential-backoff',
              minBackoffSeconds: 601,
              maxBackoffSeconds: 0,
              maxAttempts: 4.5,
            },
          },
        ],
      }),
    );

    expectErrors(answer, 400, ['DeploymentInvalidRetryPolicy']);
    for (const said of [
      'application handler',
      'minBackoffSeconds must be a whole number from 1 to 600, not 601',
      'maxBackoffSeconds must be a whole number from 1 to 600, not 0',
      'maxAttempts must be a whole number from 5 to 100, not 4.5',
    ]) {
      expect(answer.body.message).toContain(said);
    }
  });

  test('has a schedule for jobs and a retry policy for event applications only', async () => {
    const answer = await create(
      shopDraft(shop, {
        configurations: [
          { ...webValues, schedule: '@daily' },
          { ...values('tick'), retryPolicy: { strategy: 'immediate' } },
        ],
      }),
    );

    expectErrors(answer, 400, ['InvalidJsonInput', 'DeploymentRetryPolicyOverrideNotAllowed']);
  });

  test('of a connector with an API client needs the scope for making one', async () => {
    const draft = shopDraft(asking, {
      globalConfiguration: undefined,
      configurations: [values('web')],
    });
    const token = await tokenWith(berth, ['manage_project', 'manage_connectors_deployments']);
    const refused = await create(draft, token);
    const made = await deploy(berth, draft);

    expectErrors(refused, 403, ['AuthorizationError']);
    expect(made.body).toMatchObject({
      status: 'Deployed',
      apiClient: { name: expect.stringMatching(/./), scopes: ['manage_orders'] },
    });
    expect(JSON.stringify(made.body)).not.toMatch(/secret"/i);
  });

  test('needs no more than the scope for deployments', async () => {
    const token = await tokenWith(berth, ['manage_connectors_deployments']);

    expect((await create(picturesDraft(shop), token)).status).toBe(201);
  });
});

describe('a deployment', () => {
  let key: string;
  let made: Answer;

  beforeAll(async () => {
    key = `read-${randomUUID()}`;
    made = await deploy(berth, picturesDraft(shop, { key }));
  });

  test('is read by its id, in capital letters too, and by its key', async () => {
    for (const ref of [made.body.id, made.body.id.toUpperCase(), `key=${key}`, `key%3D${key}`]) {
      const { status, body } = await get(ref);
      expect([status, body]).toEqual([200, made.body]);
    }
  });

  test('that does not exist is not found', async () => {
    for (const [ref, text] of [
      [unknownId, `Deployment with id=${unknownId} or key= does not exist`],
      ['key=nobody', 'Deployment with id= or key=nobody does not exist'],
    ] as const) {
      const path = `/test-project/deployments/${ref}`;
      for (const answer of [
        await get(ref),
        await get(`${ref}/logs`),
        await berth.request('DELETE', path),
        await berth.request('POST', path, { version: 1, actions: [{ action: 'redeploy' }] }),
      ]) {
        expectErrors(answer, 404, ['ResourceNotFound']);
        expect(answer.body.message).toBe(text);
      }
    }
  });

  test('with an id or key that nobody can have is an invalid parameter', async () => {
    for (const ref of ['1', 'x'.repeat(36), unknownId.replace('-4', '-0'), 'key=a', 'key=ä1']) {
      const path = `/test-project/deployments/${encodeURI(ref)}`;
      for (const answer of [
        await berth.request('GET', path),
        await berth.request('GET', `${path}/logs`),
        await berth.request('DELETE', path),
        await berth.request('POST', path, {}),
      ]) {
        expectErrors(answer, 400, ['InvalidPathParam']);
      }
    }
  });
});

describe('a query of deployments', () => {
  interface Listed {
    readonly id: string;
    readonly type: string;
    readonly createdAt: string;
  }
  const ids = ({ body }: Answer) => body.results.map(({ id }: Listed) => id);
  /** The newest first. */
  let own: string[];
  let total: number;

  beforeAll(async () => {
    const made: Answer[] = [];
    for (const draft of [
      picturesDraft(shop),
      picturesDraft(published),
      picturesDraft(regional, { region: 'us-central1.gcp' }),
    ]) {
      made.push(await deploy(berth, draft));
    }
    own = made.map(({ body }) => body.id).reverse();
    total = (await query('limit=0')).body.total;
  });

  test('lists the newest first, twenty at a time', async () => {
    const { status, body } = await query('');

    expect(status).toBe(200);
    expect(body).toMatchObject({ limit: 20, offset: 0, count: Math.min(20, total), total });
    expect(body.results).toHaveLength(Math.min(20, total));
    expect(ids({ body } as Answer).slice(0, 3)).toEqual(own);
    const times = body.results.map(({ createdAt }: Listed) => createdAt);
    expect(times).toEqual(times.toSorted().reverse());
  });

  test('goes through all of them page by page', async () => {
    const all = ids(await query('limit=500'));
    const pages: string[] = [];
    for (let offset = 0; offset < total; offset += 4) {
      const page = await query(`limit=4&offset=${offset}`);
      expect(page.body).toMatchObject({ limit: 4, offset, total });
      expect(page.body.count).toBe(page.body.results.length);
      pages.push(...ids(page));
    }

    expect(all).toHaveLength(total);
    expect(pages).toEqual(all);
    expect((await query(`offset=${total}`)).body).toMatchObject({ count: 0, total, results: [] });
    expect((await query('offset=10000&limit=0')).body).toMatchObject({ count: 0, results: [] });
  });

  test('is sorted as asked, in both spellings', async () => {
    const newest = ids(await query('limit=500'));

    expect(ids(await query('limit=500&sort=createdAt desc'))).toEqual(newest);
    expect(ids(await query('limit=500&sort=createdAt asc'))).toEqual(newest.toReversed());
    expect(ids(await query('limit=500&sort=createdAt'))).toEqual(newest.toReversed());
    expect(ids(await query('limit=3&sort=lastModifiedAt desc&sort=createdAt asc'))).toEqual(own);
  });

  test('finds those of one type', async () => {
    const types = async (type: string) => {
      const { body } = await query(`limit=500&deploymentType=${type}`);
      expect(body.total).toBe(body.count);
      return new Set(body.results.map((one: Listed) => one.type));
    };

    expect(await types('preview')).toEqual(new Set(['preview']));
    expect(await types('sandbox')).toEqual(new Set(['sandbox']));
    expect(await types('production')).toEqual(new Set(['production']));
  });

  test('finds those of any of several integration types', async () => {
    const [ofRegional, ofPublished] = own;
    const psp = ids(await query('limit=500&integrationTypes=psp'));
    const some = ids(await query('limit=500&integrationTypes=psp&integrationTypes=erp'));

    expect(psp).toContain(ofRegional);
    expect(psp).not.toContain(ofPublished);
    expect(some).toEqual(expect.arrayContaining([ofRegional, ofPublished]));
    expect(ids(await query('integrationTypes=crm'))).toEqual([]);
    expect(ids(await query('limit=500&integrationTypes=psp&deploymentType=sandbox'))).toEqual([]);
  });
});

describe('a query of logs', () => {
  let id: string;
  const logs = (text: string) => get(`${id}/logs?${text}`);
  const day = 24 * 3600 * 1000;
  const at = (ms: number) => encodeURIComponent(new Date(Date.now() + ms).toISOString());

  beforeAll(async () => {
    id = (await deploy(berth, picturesDraft(shop))).body.id;
  });

  test('always says how to go on', async () => {
    expect((await logs('applicationName=pictures')).body).toMatchObject({ next: '' });
    expect((await logs(`startDate=${at(-30 * day)}&endDate=${at(0)}`)).status).toBe(200);
  });

  test('names an application that is not deployed', async () => {
    const answer = await logs('applicationName=web');

    expectErrors(answer, 400, ['DeploymentApplicationDoesNotExist']);
    expect(answer.body.message).toBe('Deployment does not have an application named web.');
  });

  test('needs dates in order, and of the last thirty days', async () => {
    for (const dates of [
      `startDate=${at(-31 * day)}`,
      `startDate=${at(-day)}&endDate=${at(-2 * day)}`,
      `startDate=${at(day)}`,
    ]) {
      expectErrors(await logs(dates), 400, ['DeploymentLogInvalidDate']);
    }
    expectErrors(await logs('startDate=yesterday&endDate=x'), 400, [
      'InvalidQueryParam',
      'InvalidQueryParam',
    ]);
  });

  test('knows its own page tokens only', async () => {
    const answer = await logs('pageToken=made-up');

    expectErrors(answer, 400, ['DeploymentLogInvalidPageToken']);
    expect(answer.body.message).toBe('Invalid page token: made-up');
  });

  test('in an AWS region needs an application', async () => {
    const { body } = await deploy(berth, picturesDraft(shop, { region: 'eu-central-1.aws' }));

    expectErrors(await get(`${body.id}/logs`), 400, ['DeploymentLogMissingApplicationName']);
    expect((await get(`${body.id}/logs?applicationName=pictures`)).status).toBe(200);
  });
});
