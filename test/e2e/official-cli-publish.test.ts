import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Answer } from '../support/berth.ts';
import { settle, settleDeployment } from '../support/deploy.ts';
import { expectSuccess, unwrapped } from '../support/official-cli-output.ts';
import { type CliWorld, openCliWorld } from '../support/official-cli-world.ts';
import { ask } from '../support/request-loop.ts';
import { keys, tinyConnector } from '../support/tiny-connector.ts';

const region = 'europe-west1.gcp';
const connector = tinyConnector({
  app: {
    spec: { ...keys(['VALUE']), scripts: { postDeploy: 'echo deployed' } },
  },
});

describe('the official CLI, with a connector that is published', () => {
  let world: CliWorld;
  let run: CliWorld['run'];

  beforeAll(async () => {
    world = await openCliWorld(connector);
    run = world.run;
    const broken = { name: 'app', scripts: { build: 'exit 9', start: 'node server.cjs' } };
    await world.repository.commit({ 'app/package.json': JSON.stringify(broken) }, 'broken');
    const fixed = connector['app/package.json'] ?? null;
    await world.repository.commit({ 'app/package.json': fixed }, 'v2');
    await run(
      'connect connectorstaged create --key shop --name Shop --creator-email a@example.com ' +
        `--repository-url ${world.repositoryUrl} --repository-tag v1`,
    );
    world.proxy.take();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const draft = async (): Promise<Answer> =>
    world.berth.request('GET', '/connectors/drafts/key=shop');
  const read = (key: string): Promise<Answer> =>
    world.berth.request('GET', `/test-project/deployments/key=${key}`);
  const settled = async (key: string): Promise<Answer> =>
    settleDeployment(world.berth, (await read(key)).body.id);

  test('publish validates and publishes, and reads once', async () => {
    const published = await run('connect connectorstaged publish --key shop');

    const { body } = await draft();
    expect(published).toMatchObject({ exitCode: 0, stderr: '' });
    const lines = published.stdout.split('\n');
    expect(lines[0]).toBe(
      `Starting the publishing process for the Connector with ID '${body.id}' and Git tag 'v1'. This may take a few minutes.`,
    );
    expect(lines).toContain('Application built (application: app)');
    expect(lines.at(-1)).toBe(
      `Publishing succeeded for the Connector with ID '${body.id}' and Git tag 'v1'!`,
    );
    expect(body).toMatchObject({ status: 'Published', alreadyListed: true, hasChanges: false });
    // A poll that came back before the end would be one more, half a minute later.
    expect(world.proxy.take()).toEqual([
      'GET /connectors/drafts/key=shop 200',
      `POST /connectors/drafts/${body.id} 201`,
      'GET /connectors/drafts/key=shop 200',
    ]);
  });

  test('deployment create deploys it, by its key as a sandbox and by its id for production', async () => {
    const { id } = (await draft()).body;
    const flags = `--region ${region} --configuration app.VALUE=first`;

    for (const [key, connectorFlag, typeFlag, type] of [
      ['first', '--connector-key shop', '', 'sandbox'],
      ['second', `--connector-id ${id}`, ' --type sandbox', 'sandbox'],
      ['third', `--connector-id ${id}`, ' --type production', 'production'],
    ] as const) {
      const created = await run(
        `connect deployment create --key ${key} ${connectorFlag} ${flags}${typeFlag}`,
      );
      const { body } = await settled(key);
      expectSuccess(created, [
        'Creating the Deployment resource. Please wait while we process your request.',
        `The Deployment resource ${key} has been successfully created with ID: ${body.id} and it's currently in Deploying status`,
      ]);
      expect(body).toMatchObject({ status: 'Deployed', type });
      expect((await ask(body.applications[0].url)).body).toBe('first');
    }
    const refused = await run(
      `connect deployment create --key other --connector-id ${id} ${flags} --type preview`,
    );
    expect(refused.exitCode).toBe(2);
    expect(unwrapped(refused.stderr)).toContain('Code: DeploymentInvalidType');
  });

  test('publish shows why it fails', async () => {
    await run('connect connectorstaged update --key shop --repository-tag broken');
    const { id } = (await draft()).body;

    const { exitCode, stdout, stderr } = await run(`connect connectorstaged publish --id ${id}`);

    expect(exitCode).toBe(2);
    expect(stdout).toMatch(/\nError\nApplication Build check failed \(application: app\)\n/);
    expect(unwrapped(stderr)).toBe(
      `Error: Publishing failed for the Connector with ID '${id}' and Git tag 'broken'. The preview Deployment cannot proceed.`,
    );
  });

  test('deployment redeploy --updateConnector brings what was published since', async () => {
    await run('connect connectorstaged update --key shop --repository-tag v2');
    expect(await run('connect connectorstaged publish --key shop')).toMatchObject({ exitCode: 0 });
    const { id } = (await read('first')).body;

    const redeployed = await run(
      `connect deployment redeploy --id ${id} --updateConnector --configuration app.VALUE=second`,
    );

    expect(redeployed).toMatchObject({ exitCode: 0, stderr: '' });
    const { body } = await settled('first');
    expect(body).toMatchObject({
      version: 2,
      status: 'Deployed',
      connector: { repository: { tag: 'v2' } },
    });
    expect((await ask(body.applications[0].url)).body).toBe('second');
    expect((await read('second')).body.connector.repository.tag).toBe('v1');
  });

  test('certify asks an operator, who publishes it for everybody', async () => {
    const { id } = (await draft()).body;

    const asked = await run('connect connectorstaged certify --key shop');

    expect(asked).toMatchObject({ exitCode: 0, stderr: '' });
    expect(asked.stdout).toMatch(
      new RegExp(`^The Connector with ID '${id}' and Git tag 'v2' is under review by our`),
    );
    await settle(draft, ({ body }) => body.status !== 'Processing');
    const again = await run(`connect connectorstaged certify --id ${id}`);
    expect(again.exitCode).toBe(2);
    expect(unwrapped(again.stderr)).toContain('Code: ConnectorStagedInCertification');

    await world.runBerth(['certify', 'start', 'shop']);
    await world.runBerth(['certify', 'approve', id]);

    expect((await draft()).body.status).toBe('Published');
    const published = await world.berth.request('GET', `/connectors/${id}`);
    expect(published.body).toMatchObject({ certified: true, repository: { tag: 'v2' } });
    const late = await run('connect connectorstaged certify --key shop');
    expect(unwrapped(late.stderr)).toContain('Code: ConnectorAlreadyCertified');
  });
});
