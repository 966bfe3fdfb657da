import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { printRuns } from '../../src/cli/runs/print-runs.ts';
import { type Answer, type Berth, startBerth } from '../support/berth.ts';
import { deploy, draftOf, previewConnector } from '../support/deploy.ts';
import { createRepository, type TestRepository } from '../support/git-repository.ts';
import { tinyConnector } from '../support/tiny-connector.ts';

const program = join(import.meta.dirname, '../../src/cli/berth.ts');

/** Says that it works, and fails where VALUE says so; where it says `hang` it never answers. */
const jobServer = `
require('node:http').createServer((request, response) => {
  console.log('works');
  request.resume();
  if (process.env.VALUE !== 'hang') response.writeHead(process.env.VALUE === 'fail' ? 500 : 204).end();
}).listen(8080);
process.once('SIGTERM', () => process.exit(0));
`;
const properties = { schedule: '0 0 1 1 *' };
const configuration = {
  standardConfiguration: [{ key: 'VALUE', description: 'How it ends' }],
};
const job = { type: 'job', server: jobServer, spec: { properties, configuration } } as const;

let berth: Berth;
let repository: TestRepository;
let deployment: Answer;

beforeAll(async () => {
  const files = tinyConnector({ good: job, bad: job, endless: job });
  [berth, repository] = await Promise.all([startBerth(), createRepository({ files, tag: 'v1' })]);
  const staged = await previewConnector(berth, { url: repository.url, tag: 'v1' });
  const configurations = Object.entries({ good: '', bad: 'fail', endless: 'hang' }).map(
    ([applicationName, value]) => ({
      applicationName,
      standardConfiguration: [{ key: 'VALUE', value }],
    }),
  );
  deployment = await deploy(berth, draftOf(staged, { key: 'my-jobs', configurations }));
  expect(deployment.body.status, JSON.stringify(deployment.body)).toBe('Deployed');
});

afterAll(async () => {
  await berth?.[Symbol.asyncDispose]();
  await repository?.remove();
});

const run = (...args: readonly string[]) =>
  execa(process.execPath, [program, ...args, '--api-url', berth.api], {
    extendEnv: false,
    env: {
      PATH: process.env['PATH'] ?? '',
      BERTH_BOOTSTRAP_PROJECT_KEY: berth.projectKey,
      BERTH_BOOTSTRAP_CLIENT_ID: berth.client.id,
      BERTH_BOOTSTRAP_CLIENT_SECRET: berth.client.secret,
    },
    reject: false,
  });
const path = () => `/${berth.projectKey}/deployments/key=my-jobs`;

test('a job runs when it is asked for; how it ended and what it printed can be seen', async () => {
  const good = await run('run-job', 'my-jobs', 'good', '--wait', '--json');
  expect([good.exitCode, good.stderr]).toEqual([0, '']);
  const made = JSON.parse(good.stdout);
  expect(made).toMatchObject({
    ...{ applicationName: 'good', trigger: 'request', state: 'succeeded', status: 204 },
    requestedBy: berth.client.id,
  });
  await expect
    .poll(async () => {
      const { body } = await berth.request('GET', `${path()}/runs/${made.id}/logs`);
      return body.data.map(({ type }: { type: string }) => type).toSorted();
    })
    .toEqual(['APPLICATION_TEXT', 'HTTP_REQUEST']);

  const bad = await run('run-job', deployment.body.id, 'bad', '--wait');
  expect([bad.exitCode, bad.stderr]).toEqual([1, '']);
  expect(bad.stdout).toMatch(/bad +request +failed +\d+\.\d{3}s +500/);

  const listed = await run('runs', 'my-jobs', '--limit', '1');
  expect(listed.exitCode).toBe(0);
  expect(listed.stdout.split('\n')).toHaveLength(2);
  expect(listed.stderr).toMatch(/1 older run is not shown/);
  const json = await run(
    'runs',
    'my-jobs',
    '--json',
    '--application',
    'good',
    '--state',
    'succeeded',
  );
  expect(JSON.parse(json.stdout).results).toEqual([made]);
});

test('a run under way when the data plane is killed is interrupted, and not run again', async () => {
  const asked = await run('run-job', 'my-jobs', 'endless', '--json');
  expect(asked.exitCode).toBe(0);
  const { id, state } = JSON.parse(asked.stdout);
  expect(state).toBe('requested');
  const read = async () => (await berth.request('GET', `${path()}/runs/${id}`)).body;
  await expect.poll(async () => (await read()).state).toBe('running');
  await berth.kill('data');
  await expect.poll(async () => (await read()).state).toBe('interrupted');
  expect(await read()).toMatchObject({ reason: 'The data plane ended before it answered.' });
  const good = await run('run-job', 'my-jobs', 'good', '--wait');
  expect(good.exitCode, good.stderr).toBe(0);
  const runs = await berth.request('GET', `${path()}/runs?applicationName=endless`);
  expect(runs.body.total).toBe(1);
});

test('what cannot be run is said', async () => {
  const { exitCode, stdout, stderr } = await run('run-job', 'my-jobs', 'nobody', '--wait');
  expect([exitCode, stdout]).toEqual([1, '']);
  expect(stderr).toContain('does not have an application named nobody');
  const state = await run('runs', 'my-jobs', '--state', 'ended');
  expect([state.exitCode, state.stderr]).toEqual([1, expect.stringContaining('interrupted')]);
  const limit = await run('runs', 'my-jobs', '--limit', '501');
  expect([limit.exitCode, limit.stderr]).toEqual([1, expect.stringContaining('limit')]);
});

test('a list of none says so', () => {
  expect(printRuns([])).toBe('No runs.\n');
});
