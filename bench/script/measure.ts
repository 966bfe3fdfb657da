import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { type Berth, startBerth } from '../../test/support/berth.ts';
import {
  deploy,
  draftOf,
  previewConnector,
  redeploy,
  settleDeployment,
} from '../../test/support/deploy.ts';
import { createRepository, type TestRepository } from '../../test/support/git-repository.ts';
import { tinyConnector } from '../../test/support/tiny-connector.ts';
import type { BenchmarkRun } from '../benchmark-command.ts';
import { prepareApplications } from '../deploy/connector.ts';

const last = 'npm run connector:post-deploy';

/** As nearly all connectors write them. */
export const lines = [
  `npm install && npm run build && ${last}`,
  `npm ci && npm run build && ${last}`,
  `npm install && ${last}`,
] as const;

/** One script run by Berth, and right after it the bare commands in a folder that is built. */
export interface Run {
  readonly berthMs: number;
  /** The last command alone. */
  readonly bareLastMs: number;
  /** The whole line. */
  readonly bareLineMs: number;
}

export interface Measured {
  readonly line: string;
  readonly runs: readonly Run[];
}

/** Says what it loads: the platform's client, as scripts of connectors do. */
const script = [
  "import { ClientBuilder } from '@commercetools/ts-client';",
  "import { createApiBuilderFromCtpClient } from '@commercetools/platform-sdk';",
  'console.log(typeof ClientBuilder, typeof createApiBuilderFromCtpClient);',
  '',
].join('\n');

export async function measureScripts(given: BenchmarkRun): Promise<readonly Measured[]> {
  const { rounds, environment, progress } = given;
  // As a new user has it.
  await using berth = await startBerth({ environment: { ...environment, BERTH_SANDBOX: 'auto' } });
  const measured: Measured[] = [];
  for (const line of lines) {
    await using repository = await makeRepository(line);
    await using bare = await prepareBare(repository, environment);
    const runScript = await deployWith(berth, repository);
    const runs: Run[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      progress(`${line}: ${round === 0 ? 'warm-up' : `round ${round} of ${rounds}`}`);
      const run = {
        berthMs: await runScript(),
        bareLastMs: await bare.run(last),
        bareLineMs: await bare.run(line),
      };
      if (round > 0) runs.push(run);
    }
    measured.push({ line, runs });
  }
  return measured;
}

async function makeRepository(postDeploy: string): Promise<TestRepository> {
  const application = (await prepareApplications('hello'))('first');
  const files = tinyConnector({
    first: {
      ...application,
      files: { ...application.files, 'src/post-deploy.ts': script },
      spec: { scripts: { postDeploy } },
    },
  });
  return createRepository({ files, tag: 'v1' });
}

/** Each call redeploys. @returns ms of the step that runs the script */
async function deployWith(berth: Berth, { url }: TestRepository): Promise<() => Promise<number>> {
  const connector = await previewConnector(berth, { url, tag: 'v1' });
  let deployment = await deploy(berth, draftOf(connector));
  return async () => {
    await redeploy(berth, deployment);
    deployment = await settleDeployment(berth, deployment.body.id);
    const { body } = await berth.request(
      'GET',
      `/${berth.projectKey}/deployments/${deployment.body.id}/operations?limit=1`,
    );
    const operation = await berth.request(
      'GET',
      `/${berth.projectKey}/operations/${body.results[0].id}`,
    );
    const step = operation.body.steps.find(
      ({ name }: { name: string }) => name === 'post-deploy/first',
    );
    const entry = step?.entries.at(-1);
    if (entry?.title !== 'Script for "postDeploy" succeeded')
      throw new Error(`The script failed:\n${JSON.stringify(operation.body, undefined, 2)}`);
    return step.durationMs;
  };
}

/** A clone in which everything is installed and built. */
async function prepareBare(
  { url }: TestRepository,
  environment: Readonly<Record<string, string>>,
): Promise<AsyncDisposable & { run(line: string): Promise<number> }> {
  const folder = await mkdtemp(join(tmpdir(), 'berth-bench-'));
  const options = { env: environment, extendEnv: false, stdin: 'ignore' } as const;
  await execa('git', ['clone', '--quiet', url, join(folder, 'clone')], options);
  const inFolder = { ...options, cwd: join(folder, 'clone/first') };
  await execa('sh', ['-c', 'npm ci && npm run build'], inFolder);
  return {
    async run(line) {
      const startedAt = performance.now();
      await execa('sh', ['-c', line], inFolder);
      return performance.now() - startedAt;
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
}
