import { formatWithOptions } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Answer } from '../support/berth.ts';
import {
  draftOf,
  previewConnector,
  readLog,
  settle,
  settleDeployment,
  undeploy,
} from '../support/deploy.ts';
import { makeGate } from '../support/gate.ts';
import { type CliResult, plain } from '../support/official-cli.ts';
import { expectSuccess, rowsOf, unwrapped } from '../support/official-cli-output.ts';
import { type CliWorld, openCliWorld } from '../support/official-cli-world.ts';
import { ask } from '../support/request-loop.ts';
import { keys, tinyConnector, tinyServer } from '../support/tiny-connector.ts';

const region = 'europe-west1.gcp';

/** More than a page of logs at the start. */
const server = `
for (let line = 1; line <= 120; line++) console.log('line ' + line);
${tinyServer}`;

const connector = tinyConnector({
  web: { server, spec: keys(['VALUE']) },
  clock: { type: 'job', spec: { properties: { schedule: '0 5 * * *' } } },
});

describe('the official CLI: connect deployment', () => {
  let world: CliWorld;
  let run: CliWorld['run'];

  beforeAll(async () => {
    world = await openCliWorld(connector, { BERTH_WORKERS: '1' });
    run = world.run;
    const repository = { url: world.repositoryUrl, tag: 'v1' };
    const { body } = await previewConnector(world.berth, repository, {
      key: 'shop',
      privateProjects: [`${region}:test-project`],
    });
    expect(body.isPreviewable).toBe('true');
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const draft = (): Promise<Answer> => world.berth.request('GET', '/connectors/drafts/key=shop');
  const read = (key: string): Promise<Answer> =>
    world.berth.request('GET', `/test-project/deployments/key=${key}`);
  const deployments = async (): Promise<
    readonly { readonly id: string; readonly key?: string }[]
  > => (await world.berth.request('GET', '/test-project/deployments')).body.results;
  const settled = async (key: string): Promise<Answer> =>
    settleDeployment(world.berth, (await read(key)).body.id);

  test('create makes one of a draft, with a type', async () => {
    const { id } = (await draft()).body;

    const created = await run(
      `connect deployment create --key mine --connector-id ${id} --connector-staged --type preview --region ${region} ` +
        '--configuration web.VALUE=mine',
    );

    const deployment = await read('mine');
    expectSuccess(created, [
      'Creating the Deployment resource. Please wait while we process your request.',
      `The Deployment resource mine has been successfully created with ID: ${deployment.body.id} and it's currently in Deploying status`,
    ]);
    expect((await settled('mine')).body).toMatchObject({ status: 'Deployed', type: 'preview' });
  });

  test('connectorstaged deploy follows it to its end also while it waits for a worker', async () => {
    const gate = makeGate(world.home, 'post-deploy');
    const slow = { app: { spec: { scripts: { postDeploy: 'node wait.cjs' } } } };
    await world.repository.commit(
      { ...tinyConnector(slow), 'app/wait.cjs': gate.program('process.exit(0);') },
      'slow',
    );
    const repository = { url: world.repositoryUrl, tag: 'slow' };
    const slowDraft = await previewConnector(world.berth, repository);
    await world.berth.request('POST', '/test-project/deployments', draftOf(slowDraft));
    await expect.poll(() => gate.arrivals()).toHaveLength(1);
    world.proxy.take();

    const deploying = run(
      `connect connectorstaged deploy --key shop --deployment-key queued --region ${region}`,
    );
    await expect.poll(async () => (await read('queued')).body.status).toBe('Queued');
    await gate.open();

    const { exitCode, stdout, stderr } = await deploying;
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toMatch(/with key 'queued' for Git tag 'v1' was successfully deployed\.$/);
    expect(world.proxy.take().slice(-2)).toEqual([
      'POST /test-project/deployments 201',
      'GET /test-project/deployments/key=queued 200',
    ]);
    for (const { id } of (await deployments()).filter(({ key }) => key !== 'mine'))
      await undeploy(world.berth, id);
  });

  test('list shows them with their versions, in the order and the part that is asked for', async () => {
    const { id } = (await draft()).body;
    await run(
      `connect deployment create --connector-id ${id} --connector-staged --region ${region}`,
    );
    const [nameless, mine] = await deployments();
    await settleDeployment(world.berth, nameless?.id ?? '');
    const heading = 'ID KEY VERSION STATUS';
    const rows = [`${nameless?.id} 1 Deployed`, `${mine?.id} mine 1 Deployed`];

    const all = await run('connect deployment list --sort -createdAt');
    expect(rowsOf(all)).toEqual([heading, ...rows, 'Showing items 1–2 of 2.']);
    const second = await run('connect deployment list --sort createdAt --limit 1 --offset 1');
    expect(rowsOf(second)).toEqual([heading, rows[0], 'Showing items 2–2 of 2.']);
  });

  test('describe shows one, by key and by id', async () => {
    const { body } = await read('mine');

    for (const [name, value] of Object.entries({ key: 'mine', id: body.id as string })) {
      expectSuccess(await run(`connect deployment describe --${name} ${value}`), [
        `Trying to get the Deployment data for the Deployment with the following ${name}: ${value}`,
        plain(formatWithOptions({ depth: 10, colors: true }, body)),
      ]);
    }
    const missing = await run('connect deployment describe --key nothing');
    expect(missing.exitCode).toBe(2);
    expect(unwrapped(missing.stderr)).toContain('Code: ResourceNotFound');
  });

  test('logs shows lines and requests, page by page, of an application and of a time', async () => {
    const { body } = await read('mine');
    await ask(body.applications[0].url);
    await expect
      .poll(async () => (await readLog(world.berth, body.id)).map(({ type }) => type))
      .toContain('HTTP_REQUEST');
    const heading = "Getting logs for Deployment with key - 'mine' ...";

    const clock = await run('connect deployment logs --key mine --application clock');
    expect(clock).toMatchObject({ exitCode: 0, stderr: '' });
    expect(clock.stdout.split('\n')).toEqual([
      heading,
      '',
      expect.stringMatching(/^- Logs from \w{3}, .* GMT to .* GMT -$/),
      '',
      expect.stringMatching(/^\S+Z DEFAULT clock \{"message":"listens on 8080"\}$/),
    ]);

    const first = await run('connect deployment logs --key mine', { input: 'n\n' });
    const both = await run('connect deployment logs --key mine', { input: 'y\n' });
    expect([first.exitCode, both.exitCode]).toEqual([0, 0]);
    expect(first.stdout).toContain("There's more logs available.");
    expect(linesIn(first)).toHaveLength(100);
    expect(linesIn(both).slice(0, 100)).toEqual(linesIn(first));
    expect(new Set(linesIn(both)).size).toBe(linesIn(both).length);
    expect(both.stdout).toContain("No more logs found for Deployment with key - 'mine'.");
    expect(both.stdout).toMatch(/ INFO web GET "http:\/\/localhost:\d+\/web" 200 "[^"]*"\n/);

    const none = await run(
      `connect deployment logs --id ${body.id} --startDate ${ago(3600)} --endDate ${ago(3599)}`,
    );
    expectSuccess(none, [
      `Getting logs for Deployment with id - '${body.id}' ...`,
      `No logs found for Deployment with id - '${body.id}'.`,
    ]);
  });

  test('redeploy changes a value, and skips scripts where it is told', async () => {
    const redeployed = await run(
      'connect deployment redeploy --key mine --configuration web.VALUE=changed --skipScripts',
    );

    const { body } = await settled('mine');
    expectSuccess(redeployed, [
      "Redeploying Deployment with key - 'mine' ...",
      `Deployment with mine - '${body.id}' has been successfully redeployed. Since this is an asynchronous operation, ` +
        'the redeployment may take a few minutes. You can check the status of the redeployment using the ' +
        "'commercetools connect Deployment describe' command later on. Deploying",
    ]);
    expect(body).toMatchObject({ status: 'Deployed', version: 2 });
    expect((await ask(body.applications[0].url)).body).toBe('changed');
    expect(JSON.stringify(body.details)).not.toContain('postDeploy');
  });

  test('redeploy --updateConnector asks for a published connector, which a preview may not have', async () => {
    const { exitCode, stderr } = await run(
      'connect deployment redeploy --key mine --updateConnector',
    );

    expect(exitCode).toBe(2);
    expect(unwrapped(stderr)).toMatch(
      /^Error: Connector with id=\S+ or key= does not exist .* Code: ResourceNotFound/,
    );
    expect((await read('mine')).body).toMatchObject({ status: 'Deployed', version: 2 });
  });

  test('delete asks first', async () => {
    const question = "Are you sure you want to delete Deployment with key: 'mine'?";

    const kept = await run('connect deployment delete --key mine', { input: 'n\n' });
    expect(kept.exitCode).toBe(0);
    expect(unwrapped(kept.stdout)).toContain(question);
    expect(kept.stdout).toMatch(/\nThe operation was cancelled\.$/);
    expect((await read('mine')).body.status).toBe('Deployed');

    const deleted = await run('connect deployment delete --key mine', { input: 'y\n' });
    expect(deleted.exitCode).toBe(0);
    expect(deleted.stdout).toContain(
      "\nDeployment with key - 'mine' has been successfully deleted. Since this is an asynchronous operation",
    );
    await settle(
      () => read('mine'),
      ({ status }) => status === 404,
    );
  });
});

function linesIn({ stdout }: CliResult): readonly string[] {
  return stdout.split('\n').filter((line) => /^\d{4}-\S+Z [A-Z]+ \w+ /.test(line));
}

/** As the CLI reads it: without a time zone, which for these is UTC. */
function ago(seconds: number): string {
  return new Date(Date.now() - seconds * 1000).toISOString().slice(0, 19);
}
