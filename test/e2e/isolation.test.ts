import { readdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Berth, startBerth } from '../support/berth.ts';
import { deploy, draftOf, previewConnector, readLog } from '../support/deploy.ts';
import { createRepository } from '../support/git-repository.ts';
import { ask } from '../support/request-loop.ts';
import { canSeparate } from '../support/sandbox.ts';
import { makeTempFolder } from '../support/temp-folder.ts';
import { tinyConnector } from '../support/tiny-connector.ts';

type Findings = Readonly<Record<string, string>>;

const separates = await canSeparate();
const probes = new URL('../fixtures/isolation/probes.cjs', import.meta.url);
const applicationMb = 256;
const buildMb = 512;

const server = `
const { run, always, inMemory, ofApplication } = require('./probes.cjs');
const { readFileSync } = require('node:fs');
require('node:http').createServer((request, response) => {
  const found = request.url.endsWith('/build')
    ? JSON.parse(readFileSync('build.json', 'utf8'))
    : run({ ...always, ...inMemory, ...ofApplication });
  response.end(JSON.stringify(found));
}).listen(8080);
`;

describe.runIf(separates)('what a connector tries in its sandbox', () => {
  test('fails, in an application, in a build and in a script', async () => {
    await using berth = await startBerth({
      environment: {
        BERTH_SANDBOX: 'required',
        BERTH_APPLICATION_MEMORY_MB: String(applicationMb),
        BERTH_BUILD_MEMORY_MB: String(buildMb),
        BERTH_SCRATCH_MB: '32',
        BERTH_MAX_PROCESSES: '64',
      },
    });
    await writeFile(join(berth.dataDirectory, 'canary.txt'), 'canary');
    await using repository = await createRepository({
      files: tinyConnector({
        neighbour: {},
        app: {
          server,
          packageScripts: { 'gcp-build': 'node build.cjs' },
          spec: { scripts: { postDeploy: 'node script.cjs' } },
          files: {
            'probes.cjs': await readFile(probes, 'utf8'),
            'facts.json': JSON.stringify(await factsOf(berth)),
            'build.cjs':
              "const { run, always } = require('./probes.cjs'); require('node:fs').writeFileSync('build.json', JSON.stringify(run(always)));",
            'script.cjs':
              "const { run, always, inMemory } = require('./probes.cjs'); for (const [name, found] of Object.entries(run({ ...always, ...inMemory }))) console.log('probe ' + name + ' => ' + found);",
          },
        },
      }),
      tag: 'v1',
    });
    const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
    expect(connector.body).toMatchObject({ isPreviewable: 'true' });
    const { body } = await deploy(berth, draftOf(connector));
    expect(body).toMatchObject({ status: 'Deployed' });
    const url: string = body.applications.find(
      (one: { applicationName: string }) => one.applicationName === 'app',
    ).url;

    const build = JSON.parse((await ask(`${url}/build`)).body) as Findings;
    const application = JSON.parse((await ask(`${url}/probes`)).body) as Findings;
    const script = findingsIn(await readLog(berth, body.id, 'app'));
    print({ application, build, script });
    expect(Object.keys(application).length).toBeGreaterThanOrEqual(40);
    expect(Object.keys(build).length).toBeGreaterThanOrEqual(30);
    expect(Object.keys(script)).toHaveLength(Object.keys(build).length + 4);
    for (const findings of [application, build, script]) {
      const successes = Object.entries(findings).filter(([, found]) => found.startsWith('SUCC'));
      expect(successes).toEqual([]);
    }
  });
});

test('without a sandbox a connector reads what Berth’s user reads', async () => {
  await using berth = await startBerth({ environment: { BERTH_SANDBOX: 'off' } });
  await using repository = await createRepository({
    files: tinyConnector({
      app: {
        server: `
          const { readFileSync } = require('node:fs');
          require('node:http').createServer((request, response) => {
            response.end(String(readFileSync(${JSON.stringify(join(berth.dataDirectory, 'keys/secrets.key'))}).length > 0));
          }).listen(8080);`,
      },
    }),
    tag: 'v1',
  });
  const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
  const { body } = await deploy(berth, draftOf(connector));
  expect((await ask(body.applications[0].url)).body).toBe('true');
});

async function factsOf(berth: Berth) {
  const secret = join(await makeTempFolder(), 'secret.txt');
  await writeFile(secret, 'secret');
  const files = (await readdir(berth.dataDirectory, { recursive: true })).filter((name) =>
    /\.(?:db|key|json|txt)$/.test(name),
  );
  return {
    data: berth.dataDirectory,
    files: ['canary.txt', ...files],
    secret,
    pids: (['control', 'data', 'supervisor'] as const).map((name) => berth.pidOf(name)),
    // A part of it is shown where Node or Berth lie in it.
    rootIsHidden:
      ![process.execPath, import.meta.dirname].some((path) => path.startsWith('/root/')) &&
      homedir() === '/root',
    processes: 400,
    memoryMb: buildMb * 2,
    fillMb: 64,
  };
}

function findingsIn(log: unknown): Findings {
  const lines = [...JSON.stringify(log).matchAll(/probe ([^"]+?) => ([^"]*)"/g)];
  return Object.fromEntries(lines.map(([, name = '', found = '']) => [name, found]));
}

function print(all: Readonly<Record<string, Findings>>): void {
  const names = [...new Set(Object.values(all).flatMap((findings) => Object.keys(findings)))];
  const rows = names.map((name) =>
    [name.padEnd(46), ...Object.values(all).map((one) => (one[name] ?? '-').padEnd(26))].join(' '),
  );
  const head = ['PROBE'.padEnd(46), ...Object.keys(all).map((name) => name.padEnd(26))].join(' ');
  process.stdout.write(`${[head, ...rows].join('\n')}\n`);
}
