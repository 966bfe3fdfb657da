import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Berth, startBerth } from '../support/berth.ts';
import { deploy, draftOf, previewConnector, readLog } from '../support/deploy.ts';
import { createRepository } from '../support/git-repository.ts';
import { type HostServices, startHostServices } from '../support/host-services.ts';
import { processesOf, workProcessesOf } from '../support/leftovers.ts';
import { ask } from '../support/request-loop.ts';
import { whatSeparates } from '../support/sandbox.ts';
import { makeTempFolder } from '../support/temp-folder.ts';
import { tinyConnector } from '../support/tiny-connector.ts';

type Findings = Readonly<Record<string, string>>;

const separates = await whatSeparates();
const fixtures = new URL('../fixtures/isolation/', import.meta.url);
const applicationMb = 256;
const buildMb = 512;

const server = `
const { run, always, inMemory, ofApplication } = require('./probes.cjs');
const { ofNetwork } = require('./network-probes.cjs');
const { readFileSync } = require('node:fs');
require('node:http').createServer((request, response) => {
  const found = request.url.endsWith('/build')
    ? JSON.parse(readFileSync('build.json', 'utf8'))
    : run({ ...always, ...inMemory, ...ofApplication, ...ofNetwork });
  response.end(JSON.stringify(found));
}).listen(8080);
`;

describe.runIf(separates.files)('what a connector tries in its sandbox', () => {
  test('fails, in an application, in a build and in a script', async () => {
    const { application, build, script } = await probe('auto');
    print({ application, build, script });
    expect(Object.keys(application).length).toBeGreaterThanOrEqual(50);
    expect(Object.keys(build).length).toBeGreaterThanOrEqual(40);
    expect(Object.keys(script)).toHaveLength(Object.keys(build).length + 4);
    for (const findings of [application, build, script]) {
      const successes = successesIn(findings);
      // Without a network of its own these are what `docs/isolation.md` says is possible.
      expect(
        separates.network ? successes : successes.filter((name) => !ofNetwork.test(name)),
      ).toEqual([]);
    }
  });

  test('reaches the services of the machine where the network is shared', async () => {
    const { application, build, script } = await probe('shared');
    for (const findings of [application, build, script]) {
      expect(successesIn(findings).every((name) => ofNetwork.test(name))).toBe(true);
      for (const name of ['the API', 'a service on loopback', 'a service everywhere']) {
        expect(successesIn(findings)).toContain(`reach ${name}`);
        expect(successesIn(findings)).toContain(`reach ${name} through the shell`);
      }
      expect(successesIn(findings)).toContain('reach a service by datagram');
      expect(successesIn(findings)).toContain('see who listens on the machine');
    }
  });
});

describe.runIf(separates.network)('what leads out of the networks of applications', () => {
  test('is there once for each, and goes with it, whoever is killed', async () => {
    await using berth = await startBerth({
      environment: { BERTH_NETWORK: 'private', BERTH_SANDBOX: 'required' },
    });
    await using repository = await createRepository({
      files: tinyConnector({ one: {}, other: {} }),
      tag: 'v1',
    });
    const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
    const { body } = await deploy(berth, draftOf(connector));
    const answers = async () => {
      const all = body.applications.map(({ url }: { url: string }) => ask(url));
      return (await Promise.all(all)).map(({ status }) => status);
    };
    const waysOut = async () =>
      (await workProcessesOf(berth.dataDirectory)).filter(({ command }) =>
        command.includes('slirp4netns'),
      );
    expect(await answers()).toEqual([200, 200]);
    expect(await waysOut()).toHaveLength(2);

    await berth.kill('data');
    await expect.poll(answers).toEqual([200, 200]);
    await expect.poll(waysOut).toHaveLength(2);

    for (const one of ['supervisor', 'control', 'data'] as const) await berth.kill(one);
    await berth.start();
    await expect.poll(answers).toEqual([200, 200]);
    await expect.poll(waysOut).toHaveLength(2);

    await berth.stop();
    expect(await processesOf(berth.dataDirectory)).toEqual([]);
  });
});

describe.runIf(separates.network)(
  'an application that puts a link in the place of its socket',
  () => {
    test('leads nobody to what listens on this machine', async () => {
      const folder = await makeTempFolder();
      const host = createServer(
        (socket) => void socket.end('HTTP/1.1 200 OK\r\n\r\nthe machine’s'),
      );
      let connections = 0;
      host.on('connection', () => ++connections).listen(join(folder, 'host.sock'));
      onTestFinished(() => void host.close());
      await using berth = await startBerth({ environment: { BERTH_SANDBOX: 'required' } });
      await using repository = await createRepository({
        files: tinyConnector({
          app: {
            server: `
            const fs = require('node:fs');
            const socket = process.env.HOME + '/../net/8080';
            require('node:http').createServer((request, response) => {
              response.setHeader('connection', 'close');
              if (request.url.endsWith('/link')) {
                fs.unlinkSync(socket);
                fs.symlinkSync(${JSON.stringify(join(folder, 'host.sock'))}, socket);
              }
              response.end('its own');
            }).listen(8080);`,
          },
        }),
        tag: 'v1',
      });
      const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
      const { body } = await deploy(berth, draftOf(connector));
      const { url } = body.applications[0];
      expect((await ask(`${url}/link`)).body).toBe('its own');
      expect(await ask(url)).toMatchObject({ status: 502 });
      expect(connections).toBe(0);
    });
  },
);

const ofNetwork =
  /^reach |^see who listens|^fill what it has in common|^find something else on the disk/;

/** What a connector finds in its sandbox: when it is built, in its script and while it runs. */
async function probe(network: 'auto' | 'shared') {
  await using services = await startHostServices();
  await using berth = await startBerth({
    environment: {
      BERTH_SANDBOX: 'required',
      BERTH_NETWORK: network,
      BERTH_APPLICATION_MEMORY_MB: String(applicationMb),
      BERTH_BUILD_MEMORY_MB: String(buildMb),
      BERTH_SCRATCH_MB: '32',
      BERTH_MAX_PROCESSES: '64',
    },
  });
  await writeFile(join(berth.dataDirectory, 'canary.txt'), 'canary');
  await using neighbour = await createRepository({
    files: tinyConnector({ neighbour: {} }),
    tag: 'v1',
  });
  const other = await previewConnector(berth, { url: neighbour.url, tag: 'v1' });
  expect((await deploy(berth, draftOf(other))).body).toMatchObject({ status: 'Deployed' });
  const read = (name: string) => readFile(new URL(name, fixtures), 'utf8');
  await using repository = await createRepository({
    files: tinyConnector({
      app: {
        server,
        packageScripts: { 'gcp-build': 'node build.cjs' },
        spec: { scripts: { postDeploy: 'node script.cjs' } },
        files: {
          'probes.cjs': await read('probes.cjs'),
          'network-probes.cjs': await read('network-probes.cjs'),
          'facts.json': JSON.stringify(await factsOf(berth, services)),
          'build.cjs':
            "const { run, always } = require('./probes.cjs'); const { ofNetwork } = require('./network-probes.cjs'); require('node:fs').writeFileSync('build.json', JSON.stringify(run({ ...always, ...ofNetwork })));",
          'script.cjs':
            "const { run, always, inMemory } = require('./probes.cjs'); const { ofNetwork } = require('./network-probes.cjs'); for (const [name, found] of Object.entries(run({ ...always, ...ofNetwork, ...inMemory }))) console.log('probe ' + name + ' => ' + found);",
        },
      },
    }),
    tag: 'v1',
  });
  const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
  expect(connector.body).toMatchObject({ isPreviewable: 'true' });
  const { body } = await deploy(berth, draftOf(connector));
  expect(body).toMatchObject({ status: 'Deployed' });
  const { url } = body.applications[0];
  return {
    build: JSON.parse((await ask(`${url}/build`)).body) as Findings,
    application: JSON.parse((await ask(`${url}/probes`)).body) as Findings,
    script: findingsIn(await readLog(berth, body.id, 'app')),
  };
}

function successesIn(findings: Findings): readonly string[] {
  return Object.keys(findings).filter((name) => findings[name]?.startsWith('SUCC'));
}

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

async function factsOf(berth: Berth, services: HostServices) {
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
    network: {
      services: { 'the API': Number(new URL(berth.api).port), ...services.ports },
      hosts: services.hosts,
      datagramPort: services.datagramPort,
      abstract: services.abstract,
      sockets: (await readdir(berth.dataDirectory, { recursive: true }))
        .filter((name) => name.endsWith('net/8080'))
        .map((name) => join(berth.dataDirectory, name)),
      linkLocal: ['169.254.169.254', 'fe80::1'],
    },
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
