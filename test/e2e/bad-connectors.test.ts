import { rm } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Berth, startBerth } from '../support/berth.ts';
import {
  deploy,
  draftOf,
  previewConnector,
  redeploy,
  reportEntries,
  reportTitles,
  settleDeployment,
  undeploy,
} from '../support/deploy.ts';
import { startServer } from '../support/fake-project-api.ts';
import { createRepository, type TestFiles } from '../support/git-repository.ts';
import { workFoldersOf, workProcessesOf } from '../support/leftovers.ts';
import { keys, tinyConnector } from '../support/tiny-connector.ts';

let berth: Berth;
beforeAll(async () => {
  berth = await startBerth({
    environment: {
      BERTH_STARTUP_TIMEOUT_SECONDS: '3',
      BERTH_SCRIPT_TIMEOUT_SECONDS: '3',
      BERTH_BUILD_TIMEOUT_SECONDS: '8',
    },
  });
});
afterAll(() => berth[Symbol.asyncDispose]());
afterEach(async () => {
  await expect.poll(() => workProcessesOf(berth.dataDirectory), { timeout: 60_000 }).toEqual([]);
  await expect.poll(() => workFoldersOf(berth.dataDirectory)).toEqual([]);
});

describe('a connector that cannot be built is not previewable, and its report says', () => {
  const cases: Readonly<Record<string, { files: TestFiles; says: readonly string[] }>> = {
    'that a folder is missing': {
      files: { ...tinyConnector({ app: {}, ghost: {} }), ...without('ghost') },
      says: ['ghost'],
    },
    'that package.json is missing': {
      files: { ...tinyConnector({ app: {} }), 'app/package.json': null },
      says: ['app', 'no package.json', 'add app/package.json'],
    },
    'that package.json is no JSON': {
      files: { ...tinyConnector({ app: {} }), 'app/package.json': '{ "name": "app", }' },
      says: ['app', 'package.json', 'JSON'],
    },
    'that there is nothing to start': {
      files: { ...tinyConnector({ app: {} }), 'app/package.json': '{ "name": "app" }' },
      says: ['does not say how it starts', 'Add a "start" script'],
    },
    'what the build printed last': {
      files: tinyConnector({
        app: {
          packageScripts: { build: 'node build.cjs' },
          files: { 'build.cjs': 'console.error("src/a.ts(1,2): error TS2304"); process.exit(2);' },
        },
      }),
      says: ['`npm run build`', 'exit code 2', 'src/a.ts(1,2): error TS2304'],
    },
    'that the build does not end': {
      files: tinyConnector({
        app: {
          packageScripts: { build: 'node build.cjs' },
          files: {
            'build.cjs': `
              process.on('SIGTERM', () => {});
              require('node:child_process').spawn('sleep', ['1000'], { detached: true });
              console.log('compiling without end');
              setInterval(() => {}, 1000);`,
          },
        },
      }),
      says: ['`npm run build`', '8 s', 'compiling without end'],
    },
    'that assets are not where they belong': {
      files: tinyConnector({
        app: { type: 'assets', packageScripts: { build: 'mkdir dist && echo 1 > dist/a.js' } },
      }),
      says: ['has no folder "public"', 'dist'],
    },
  };

  test.for(Object.keys(cases))('%s', async (name) => {
    const { files = {}, says = [] } = cases[name] ?? {};
    await using repository = await createRepository({ files, tag: 'v1' });
    const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });

    expect(connector.body.isPreviewable).toBe('false');
    const error = previewErrors(connector).join('\n');
    for (const text of says) expect(error).toContain(text);
    const refused = await deploy(berth, draftOf(connector));
    expect(refused.status).toBe(400);
    expect(refused.body.errors[0].code).toBe('ConnectorStagedNotPreviewable');
  });

  test('which package an install did not find', async () => {
    await using registry = await startServer((_, response) => {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"not found"}');
    });
    const manifest = {
      name: 'app',
      version: '1.0.0',
      scripts: { start: 'node server.cjs' },
      dependencies: { 'no-such-package': '1.2.3' },
    };
    await using repository = await createRepository({
      files: {
        ...tinyConnector({ app: {} }),
        'app/package.json': JSON.stringify(manifest),
        'app/.npmrc': `registry=${registry.url}/\nfetch-retries=0\n`,
      },
      tag: 'v1',
    });
    const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });

    expect(connector.body.isPreviewable).toBe('false');
    expect(previewErrors(connector).join('\n')).toContain('no-such-package');
  });
});

describe('an application that does not start makes the deployment fail, and its report says', () => {
  const cases: Readonly<Record<string, { server: string; says: readonly string[] }>> = {
    'how it ended and what it printed last': {
      server: 'console.log("reading"); console.error("DATABASE_URL is not set"); process.exit(9);',
      says: ['"app" did not start', 'exit code 9', 'reading', 'DATABASE_URL is not set'],
    },
    'that a signal ended it': {
      server: 'process.kill(process.pid, "SIGKILL"); setInterval(() => {}, 1000);',
      says: ['SIGKILL', 'It printed nothing'],
    },
    'that it does not exist': {
      server: 'require("./dist/server.js")',
      says: ['exit code 1', 'Cannot find module', 'dist/server.js'],
    },
    'that it listens on no port': {
      server: 'console.log("I think"); setInterval(() => {}, 1000);',
      says: ['did not listen on port 8080 within 3 s', 'listens on no port', 'I think'],
    },
    'on which other port it listens': {
      server: 'require("node:http").createServer().listen(39117)',
      says: ['did not listen on port 8080 within 3 s', 'It listens on 39117 instead', 'PORT'],
    },
    'that it ignores the end': {
      server: 'process.on("SIGTERM", () => console.log("no")); setInterval(() => {}, 1000);',
      says: ['did not listen on port 8080 within 3 s'],
    },
  };

  test.for(Object.keys(cases))('%s', async (name) => {
    const { server = '', says = [] } = cases[name] ?? {};
    const deployment = await deployFrom(tinyConnector({ app: { server } }));

    expect(deployment.body.status).toBe('Failed');
    const errors = reportEntries(deployment).filter(({ type }) => type === 'Error');
    expect(errors).toHaveLength(1);
    for (const text of says) expect(errors[0]?.message).toContain(text);
    expect(deployment.body.applications[0].url).toBeUndefined();
    expect((await undeploy(berth, deployment.body.id)).status).toBeLessThanOrEqual(404);
    const path = `/test-project/deployments/${deployment.body.id}`;
    expect((await berth.request('GET', path)).status).toBe(404);
  });
});

test.for([
  { name: 'a character that no process can receive', value: 'a\0b' },
  { name: 'more than a process can receive', value: '漢'.repeat(60_000) },
])('a configuration value with $name is refused without being repeated', async ({ value }) => {
  const files = tinyConnector({ app: { spec: keys([], ['VALUE']) } });
  await using repository = await createRepository({ files, tag: 'v1' });
  const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
  const draft = draftOf(connector);
  draft.configurations[0].securedConfiguration = [{ key: 'VALUE', value }];
  const refused = await deploy(berth, draft);

  expect(refused.status).toBe(400);
  expect(refused.body.errors[0].code).toBe('InvalidJsonInput');
  expect(refused.body.errors[0].detailedErrorMessage).toContain('securedConfiguration.0.value');
  expect(JSON.stringify(refused.body)).not.toContain(JSON.stringify(value).slice(1, -1));
});

test('configuration values that are together too many for a process make the redeploy fail, and its report says so', async () => {
  const names = Array.from({ length: 36 }, (_, index) => `VALUE_${index}`);
  const files = tinyConnector({ app: { spec: keys([], names) } });
  let deployment = await deployFrom(files);
  for (const part of [names.slice(0, 12), names.slice(12, 24), names.slice(24)]) {
    const securedConfiguration = part.map((key) => ({ key, value: 'x'.repeat(65_000) }));
    const configurationValues = [{ applicationName: 'app', securedConfiguration }];
    const accepted = await redeploy(berth, deployment, { configurationValues });
    deployment = await settleDeployment(berth, accepted.body.id);
  }

  expect(deployment.body.status).toBe('Failed');
  const error = reportEntries(deployment).find(({ type }) => type === 'Error');
  expect(error?.message).toContain('too large for a process: shorten its longest values');
  expect(error?.message).not.toContain('xxx');
  expect((await fetch(`${deployment.body.applications[0].url}/env/VALUE_0`)).status).toBe(200);
  expect((await undeploy(berth, deployment.body.id)).status).toBe(404);
});

describe('a script that goes wrong is a Warning of a deployment that serves', () => {
  const cases: Readonly<Record<string, { script: string; says: readonly string[] }>> = {
    fails: {
      script: 'console.log("registering"); console.error("no such extension"); process.exit(1);',
      says: ['exit code 1', 'registering', 'no such extension'],
    },
    hangs: {
      script: 'console.log("waiting"); setInterval(() => {}, 1000);',
      says: ['the time limit (BERTH_SCRIPT_TIMEOUT_SECONDS)', 'waiting'],
    },
    'ignores SIGTERM, as do its children': {
      script: `
        process.on('SIGTERM', () => console.log('not now'));
        const program = 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)';
        require('node:child_process').spawn(process.execPath, ['-e', program], { detached: true });
        setInterval(() => {}, 1000);`,
      says: ['the time limit', 'not now'],
    },
    'leaves a process behind': {
      script: `
        const program = 'setInterval(() => {}, 1000)';
        require('node:child_process').spawn(process.execPath, ['-e', program], { detached: true, stdio: 'ignore' }).unref();
        process.exit(5);`,
      says: ['exit code 5'],
    },
  };

  test.for(Object.keys(cases))('one that %s', async (name) => {
    const { script = '', says = [] } = cases[name] ?? {};
    const deployment = await deployFrom(
      tinyConnector({
        app: {
          spec: { scripts: { postDeploy: 'node script.cjs', preUndeploy: 'node script.cjs' } },
          files: { 'script.cjs': script },
        },
      }),
    );

    expect(deployment.body.status).toBe('Deployed');
    const warnings = reportEntries(deployment).filter(({ type }) => type !== 'Information');
    expect(warnings).toMatchObject([
      {
        type: 'Warning',
        title: "Failed during the execution of 'postDeploy' script",
        application: 'app',
      },
    ]);
    for (const text of says) expect(warnings[0]?.message).toContain(text);
    expect((await fetch(deployment.body.applications[0].url)).status).toBe(200);
    expect((await undeploy(berth, deployment.body.id)).status).toBe(404);
  });
});

describe('a repository that is not there any more', () => {
  test('when its connector is made is the contract’s error', async () => {
    const repository = await createRepository({ files: tinyConnector({ app: {} }), tag: 'v1' });
    await repository.remove();
    const refused = await previewConnector(berth, { url: repository.url, tag: 'v1' });

    expect(refused.status).toBe(400);
    expect(refused.body.errors[0].code).toBe('GitRepositoryNotReachable');
  });

  test('or its tag, when the preview runs, makes the connector not previewable', async () => {
    await using repository = await createRepository({
      files: tinyConnector({ app: {} }),
      tag: 'v1',
    });
    const created = await createStaged(repository.url);
    await repository.git('tag', '--delete', 'v1');
    const connector = await previewStaged(created);

    expect(connector.body.isPreviewable).toBe('false');
    expect(previewErrors(connector).join('\n')).toContain('v1');
  });

  test('between preview and deployment is not missed: the pinned commit is at hand', async () => {
    const repository = await createRepository({ files: tinyConnector({ app: {} }), tag: 'v1' });
    const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
    await repository.remove();
    const deployment = await deploy(berth, draftOf(connector));

    expect(deployment.body.status).toBe('Deployed');
    expect((await undeploy(berth, deployment.body.id)).status).toBe(404);
  });

  test('nor is anything that was fetched or built of it makes the deployment fail, and its report says so', async () => {
    const repository = await createRepository({ files: tinyConnector({ app: {} }), tag: 'v1' });
    const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
    await repository.remove();
    await rm(`${berth.dataDirectory}/sources`, { recursive: true });
    await rm(`${berth.dataDirectory}/builds/artifacts`, { recursive: true });
    const deployment = await deploy(berth, draftOf(connector));

    expect(deployment.body.status).toBe('Failed');
    const error = reportEntries(deployment).find(({ type }) => type === 'Error');
    expect(error?.title).toBe('Application build failed');
    expect(error?.message).toContain(`There is no repository at ${repository.url}`);
    expect(error?.message).toContain('Check the URL');
    expect((await undeploy(berth, deployment.body.id)).status).toBeLessThanOrEqual(404);
  });
});

test('a report of a failed deployment names no step twice', async () => {
  const deployment = await deployFrom(tinyConnector({ app: { server: 'process.exit(1)' } }));
  const titles = reportTitles(deployment);
  expect(titles).toEqual([...new Set(titles)]);
  await undeploy(berth, deployment.body.id);
});

async function deployFrom(files: TestFiles): Promise<Answer> {
  await using repository = await createRepository({ files, tag: 'v1' });
  const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
  expect(previewErrors(connector)).toEqual([]);
  return deploy(berth, draftOf(connector));
}

async function createStaged(url: string): Promise<Answer> {
  return berth.request('POST', '/connectors/drafts', {
    name: 'A connector',
    creator: { email: 'somebody@example.com' },
    repository: { url, tag: 'v1' },
  });
}

async function previewStaged({ body }: Answer): Promise<Answer> {
  const path = `/connectors/drafts/${body.id}`;
  await berth.request('POST', path, {
    version: body.version,
    actions: [{ action: 'updatePreviewable' }],
  });
  await expect
    .poll(async () => (await berth.request('GET', path)).body.isPreviewable, { timeout: 60_000 })
    .not.toBe('pending');
  return berth.request('GET', path);
}

function previewErrors(connector: Answer): readonly string[] {
  const entries: readonly { type: string; title: string; message?: string }[] =
    connector.body.previewableReport?.entries ?? [];
  return entries
    .filter(({ type }) => type === 'Error')
    .map(({ title, message }) => `${title}\n${message}`);
}

function without(folder: string): TestFiles {
  return { [`${folder}/package.json`]: null, [`${folder}/server.cjs`]: null };
}
