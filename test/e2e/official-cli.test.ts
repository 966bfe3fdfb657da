import { formatWithOptions } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Answer } from '../support/berth.ts';
import { plain } from '../support/official-cli.ts';
import { expectSuccess, rowsOf, unwrapped } from '../support/official-cli-output.ts';
import { type CliWorld, openCliWorld } from '../support/official-cli-world.ts';
import { ask } from '../support/request-loop.ts';
import { keys, tinyConnector, tinyServer } from '../support/tiny-connector.ts';

const region = 'europe-west1.gcp';

/** Ends at once where VALUE says so. */
const server = `
if (process.env.VALUE === 'broken') { console.error('cannot start with this'); process.exit(3); }
${tinyServer}`;

const { configuration: shared } = keys(['SHARED'], ['SHARED_TOKEN']);
const connector = tinyConnector(
  {
    web: { server, spec: keys(['VALUE'], ['TOKEN']) },
    ears: { type: 'event' },
    clock: { type: 'job', spec: { properties: { schedule: '0 5 * * *' } } },
  },
  { configuration: shared },
);

describe('the official CLI: connect connectorstaged', () => {
  let world: CliWorld;
  let run: CliWorld['run'];

  beforeAll(async () => {
    world = await openCliWorld(connector);
    run = world.run;
    const { repository } = world;
    await repository.tag('v2');
    const failing = { name: 'clock', scripts: { start: 'node server.cjs', build: 'exit 9' } };
    await repository.commit({ 'clock/package.json': JSON.stringify(failing) }, 'broken');
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const draft = async (key = 'shop'): Promise<Answer> =>
    world.berth.request('GET', `/connectors/drafts/key=${key}`);
  const read = (key: string): Promise<Answer> =>
    world.berth.request('GET', `/test-project/deployments/key=${key}`);
  const described = (body: unknown): string =>
    plain(formatWithOptions({ depth: 10, colors: true }, body));

  describe('drafts', () => {
    test('create makes a draft of a repository that is read over https', async () => {
      const { repositoryUrl } = world;

      const created = await run(
        'connect connectorstaged create --key shop --name Shop --description Sells --creator-email a@example.com ' +
          `--repository-url ${repositoryUrl} --repository-tag v1 --supported-regions ${region},us-east-2.aws ` +
          `--integration-types tax,psp --private-projects ${region}:test-project`,
      );

      const { body } = await draft();
      expectSuccess(created, [
        'Creating the staged Connector. Please wait while we process your request.',
        `The staged Connector Shop has been successfully created. (id: ${body.id})`,
      ]);
      expect(world.proxy.take()).toEqual(['POST /connectors/drafts 201']);
      expect(body).toMatchObject({
        key: 'shop',
        name: 'Shop',
        description: 'Sells',
        creator: { email: 'a@example.com' },
        repository: { url: repositoryUrl, tag: 'v1' },
        supportedRegions: [region, 'us-east-2.aws'],
        integrationTypes: ['tax', 'psp'],
        privateProjects: [`${region}:test-project`],
      });
    });

    test('create shows the words and the correlation id of a refusal', async () => {
      const { stderr, exitCode } = await run(
        'connect connectorstaged create --key shop --name Shop --creator-email a@example.com ' +
          `--repository-url ${world.repositoryUrl} --repository-tag v1`,
      );

      expect(exitCode).toBe(2);
      expect(unwrapped(stderr)).toMatch(
        /^Error: A duplicate value shop exists for field key\. Details: - Code: DuplicateField Message: A duplicate value shop exists for field key\. Correlation ID: commercetools-cli-[0-9a-f]{32}$/,
      );
    });

    test.for([
      ['--name Shop2', { name: 'Shop2' }],
      ['--description Mends', { description: 'Mends' }],
      ['--creator-email b@example.com', { creator: { email: 'b@example.com' } }],
      ['--repository-tag v2', { repository: { tag: 'v2' } }],
      ['--repository-url https://localhost:', { repository: { tag: 'v2' } }],
      [`--supported-regions ${region}`, { supportedRegions: [region] }],
      ['--integration-types crm', { integrationTypes: ['crm'] }],
      [
        `--name Shop --private-projects ${region}:test-project,${region}:other`,
        { name: 'Shop', privateProjects: [`${region}:test-project`, `${region}:other`] },
      ],
      [
        `--name Shop --private-projects ${region}:test-project`,
        { privateProjects: [`${region}:test-project`] },
      ],
    ] as const)('update %s', async ([flags, expected]) => {
      const url = world.repositoryUrl.replace('127.0.0.1', 'localhost');
      const before = (await draft()).body;

      const updated = await run(
        `connect connectorstaged update --key shop ${flags.replace('https://localhost:', url)}`,
      );

      expectSuccess(updated, [
        'Updating the staged Connector. Please wait while we process your request.',
        `The staged Connector has been successfully updated. (version: ${before.version + 1})`,
      ]);
      const { body } = await draft();
      expect(body).toMatchObject(expected);
      if (flags.includes('-url')) expect(body.repository.url).toBe(url);
    });

    test('describe shows a draft, by key and by id', async () => {
      const { body } = await draft();

      for (const [name, value] of Object.entries({ key: 'shop', id: body.id as string })) {
        expectSuccess(await run(`connect connectorstaged describe --${name} ${value}`), [
          `Trying to get the staged Connector data for the Connector with the following ${name}: ${value}`,
          described(body),
        ]);
      }
    });

    test('list shows drafts in the order and the part that is asked for', async () => {
      await run(
        'connect connectorstaged create --name Nameless --creator-email a@example.com ' +
          `--repository-url ${world.repositoryUrl} --repository-tag v1`,
      );
      const { results } = (await world.berth.request('GET', '/connectors/drafts')).body;
      const [nameless, shop] = results;
      const rows = [`${nameless.id} Nameless Draft`, `${shop.id} shop Shop Draft`];
      const heading = 'ID KEY NAME STATUS';

      const all = await run('connect connectorstaged list --sort -createdAt');
      expect(rowsOf(all)).toEqual([heading, ...rows, 'Showing items 1–2 of 2.']);
      const first = await run('connect connectorstaged list --limit 1 --sort createdAt');
      expect(rowsOf(first)).toEqual([heading, rows[1], 'Showing items 1–1 of 2.']);
      const second = await run(
        'connect connectorstaged list --limit 1 --offset 1 --sort +createdAt',
      );
      expect(rowsOf(second)).toEqual([heading, rows[0], 'Showing items 2–2 of 2.']);
    });
  });

  describe('preview', () => {
    const preview = `connect connectorstaged preview --key shop --deployment-key pre --region ${region}`;
    const started = (id: string, tag: string) =>
      `Starting validation for Connector with ID '${id}' and Git tag '${tag}'. This may take a few minutes.`;

    test('refuses what does not build, with the report', async () => {
      await run('connect connectorstaged update --key shop --repository-tag broken');
      const { id } = (await draft()).body;

      const { exitCode, stdout, stderr } = await run(preview);

      expect(exitCode).toBe(2);
      expect(stdout).toContain(started(id, 'broken'));
      expect(stdout).toMatch(
        /\nError\nApplication Build check failed \(application: clock\)\n`npm run build` of/,
      );
      expect(unwrapped(stderr)).toBe(
        `Error: Validation failed for Connector with ID '${id}' and Git tag 'broken'. Cannot proceed with the preview Deployment.`,
      );
    });

    test('validates and deploys, and reads once for each of the two', async () => {
      await run('connect connectorstaged update --key shop --repository-tag v2');
      const { id } = (await draft()).body;
      world.proxy.take();

      const { exitCode, stdout, stderr } = await run(
        `${preview} --configuration web.VALUE=first,web.TOKEN=secret,SHARED=all,SHARED_TOKEN=secret`,
      );

      expect(exitCode, stderr).toBe(0);
      expect(stdout).toContain(started(id, 'v2'));
      expect(stdout).toMatch(/\nInformation\nApplication built \(application: clock\)\n/);
      expect(stdout).toContain(
        `\nValidation for Connector with ID '${id}' and Git tag 'v2' succeeded!\n`,
      );
      const { body } = await read('pre');
      const [web, ears, clock] = body.applications;
      expect(stdout.slice(stdout.indexOf('Deployed Applications'))).toBe(
        [
          'Deployed Applications\n',
          ` ➔ id: ${web.id}\n    name: web\n    url: ${web.url}\n`,
          ` ➔ id: ${ears.id}\n    name: ears\n    topic: ${ears.topic}\n`,
          ` ➔ id: ${clock.id}\n    name: clock\n    schedule: 0 5 * * *\n\n`,
          "The preview Deployment with key 'pre' for Git tag 'v2' was successfully deployed.",
        ].join('\n'),
      );
      expect((await ask(web.url)).body).toBe('first');
      expect((await ask(`${web.url}/env/SHARED_TOKEN`)).body).toBe('secret');
      // Any poll that came back before the end would be one more read of each, a minute later.
      expect(world.proxy.take()).toEqual([
        'GET /connectors/drafts/key=shop 200',
        'GET /connectors/drafts/key=shop 200',
        'POST /connectors/drafts/key=shop 201',
        'GET /connectors/drafts/key=shop 200',
        'GET /connectors/drafts/key=shop 200',
        'GET /test-project/deployments/key=pre 404',
        'POST /test-project/deployments 201',
        'GET /test-project/deployments/key=pre 200',
      ]);
    });

    test('deploys again what is there, and changes only the values that are given', async () => {
      world.proxy.take();

      const { exitCode, stderr } = await run(`${preview} --configuration SHARED=everybody`);

      expect(exitCode, stderr).toBe(0);
      const { body } = await read('pre');
      expect(body).toMatchObject({ version: 2, type: 'preview', status: 'Deployed' });
      const { url } = body.applications[0];
      expect((await ask(`${url}/env/SHARED`)).body).toBe('everybody');
      expect((await ask(url)).body).toBe('first');
      expect(world.proxy.take().slice(-3)).toEqual([
        'GET /test-project/deployments/key=pre 200',
        'POST /test-project/deployments/key=pre 201',
        'GET /test-project/deployments/key=pre 200',
      ]);
    });

    test('fails where an application does not start, with its last words', async () => {
      const { exitCode, stdout, stderr } = await run(`${preview} --configuration web.VALUE=broken`);

      expect(exitCode).toBe(2);
      expect(stdout).toMatch(/\nError\nApplications did not start[\s\S]*cannot start with this/);
      expect(unwrapped(stderr)).toBe(
        "Error: The preview Deployment with key 'pre' for Git tag 'v2' failed.",
      );
    });
  });

  test('connectorstaged validate and deploy, of which a preview is made, work alone', async () => {
    const validated = await run('connect connectorstaged validate --key shop');
    expect(validated.exitCode, validated.stderr).toBe(0);
    expect(validated.stdout).toMatch(/\nValidation for Connector .* and Git tag 'v2' succeeded!$/);
    const deployed = await run(
      `connect connectorstaged deploy --key shop --deployment-key pre --region ${region} --configuration web.VALUE=alone`,
    );
    expect(deployed.exitCode, deployed.stderr).toBe(0);
    const { body } = await read('pre');
    expect(body).toMatchObject({ version: 4, status: 'Deployed' });
    expect((await ask(body.applications[0].url)).body).toBe('alone');
  });
});
