import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { printPlan } from '../../src/cli/plan/print-plan.ts';
import { readRedeploy } from '../../src/cli/plan/read-redeploy.ts';
import { type Answer, type Berth, startBerth } from '../support/berth.ts';
import { deploy, draftOf, previewConnector } from '../support/deploy.ts';
import { createRepository, type TestRepository } from '../support/git-repository.ts';
import { makeTempFolder } from '../support/temp-folder.ts';
import { keys, tinyConnector } from '../support/tiny-connector.ts';

const program = join(import.meta.dirname, '../../src/cli/berth.ts');

describe('berth plan', () => {
  let berth: Berth;
  let repository: TestRepository;
  let deployment: Answer;

  beforeAll(async () => {
    const files = tinyConnector({
      shop: { spec: keys(['GREETING'], ['TOKEN']) },
      pictures: { type: 'assets', files: { 'public/a.txt': 'a' } },
    });
    [berth, repository] = await Promise.all([startBerth(), createRepository({ files, tag: 'v1' })]);
    const staged = await previewConnector(berth, { url: repository.url, tag: 'v1' });
    deployment = await deploy(berth, draftOf(staged, { key: 'my-shop' }));
    expect(deployment.body.status, JSON.stringify(deployment.body)).toBe('Deployed');
  });

  afterAll(async () => {
    await berth?.[Symbol.asyncDispose]();
    await repository?.remove();
  });

  const run = (...args: readonly string[]) =>
    execa(process.execPath, [program, 'plan', ...args, '--api-url', berth.api], {
      extendEnv: false,
      env: {
        PATH: process.env['PATH'] ?? '',
        BERTH_BOOTSTRAP_PROJECT_KEY: berth.projectKey,
        BERTH_BOOTSTRAP_CLIENT_ID: berth.client.id,
        BERTH_BOOTSTRAP_CLIENT_SECRET: berth.client.secret,
      },
      reject: false,
    });

  test('tells people what would change, be built and restart', async () => {
    const folder = await makeTempFolder();
    const values = join(folder, 'values.json');
    const secured = [{ key: 'TOKEN', value: 'very-secret' }];
    await writeFile(
      values,
      JSON.stringify({
        configurationValues: [{ applicationName: 'shop', securedConfiguration: secured }],
      }),
    );

    const { exitCode, stdout, stderr } = await run(
      'my-shop',
      ...['--set', 'shop.GREETING=a=b', '--values', values],
    );

    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`A redeploy of ${deployment.body.id} (my-shop), version 1,`);
    expect(stdout).toMatch(/applications\[shop\]\.standardConfiguration\[GREETING\]\s+-\s+"a=b"/);
    expect(stdout).toMatch(/applications\[shop\]\.securedConfiguration\[TOKEN\]\s+-\s+"hmac-/);
    expect(stdout).toMatch(/^shop +service +reuse +restart +- +Nothing in it has changed\.$/m);
    expect(stdout).toMatch(/^pictures +assets +reuse +none +- /m);
    expect(stdout).not.toContain('very-secret');
  });

  test('tells programs the same as JSON, and takes an id', async () => {
    const { exitCode, stdout } = await run(deployment.body.id, '--json', '--skip-scripts');

    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      version: 1,
      changes: { configuration: [] },
      applications: [{ applicationName: 'shop' }, { applicationName: 'pictures' }],
    });
  });

  test('says what is wrong with a request, every mistake of it', async () => {
    const { exitCode, stdout, stderr } = await run(
      'my-shop',
      ...['--set', 'shop.NOBODY=1', '--set', 'nowhere.KEY=1'],
    );

    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toContain('NOBODY');
    expect(stderr).toContain('nowhere');
  });

  test('says that there is no such Deployment', async () => {
    const { exitCode, stderr } = await run('nobody/../x');

    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^berth: .*/);
  });
});

describe('the values of a plan', () => {
  const fileOf = async (content: string) => {
    const file = join(await makeTempFolder(), 'values.json');
    await writeFile(file, content);
    return file;
  };

  test('come from the file, and the command line wins', async () => {
    const values = await fileOf(
      JSON.stringify({
        configurationValues: [
          {
            applicationName: 'shop',
            schedule: '@daily',
            standardConfiguration: [
              { key: 'A', value: 'file' },
              { key: 'B', value: 'file' },
            ],
          },
        ],
        globalConfiguration: { securedConfiguration: [{ key: 'S', value: 's' }] },
      }),
    );

    expect(
      await readRedeploy({
        values,
        set: ['shop.A=line', 'other.C='],
        setGlobal: ['G=g'],
        updateConnector: true,
      }),
    ).toEqual({
      action: 'redeploy',
      updateConnector: true,
      skipScripts: false,
      configurationValues: [
        {
          applicationName: 'shop',
          schedule: '@daily',
          standardConfiguration: [
            { key: 'B', value: 'file' },
            { key: 'A', value: 'line' },
          ],
        },
        { applicationName: 'other', standardConfiguration: [{ key: 'C', value: '' }] },
      ],
      globalConfiguration: {
        securedConfiguration: [{ key: 'S', value: 's' }],
        standardConfiguration: [{ key: 'G', value: 'g' }],
      },
    });
  });

  test.for([
    ['shop.KEY', 'KEY=value'],
    ['KEY=value', 'application.KEY=value'],
    ['.KEY=value', 'application.KEY=value'],
    ['shop.=value', 'application.KEY=value'],
  ] as const)('are refused as %s', async ([text, must]) => {
    await expect(readRedeploy({ set: [text] })).rejects.toThrow(must);
  });

  test.for([
    ['no JSON', '{"configurationValues": "secret', 'no JSON object'],
    ['a list', '[]', 'no JSON object'],
    ['another part', '{"configurationValue": []}', 'has configurationValue, and only'],
    ['no list', '{"configurationValues": {}}', 'is no list'],
    ['nothing in a list', '{"configurationValues": [null]}', 'no lists of values'],
    ['no values', '{"globalConfiguration": {"standardConfiguration": {}}}', 'no lists of values'],
  ] as const)(
    'are refused from a file with %s, without showing any of it',
    async ([, content, message]) => {
      const refused = readRedeploy({ values: await fileOf(content) });
      await expect(refused).rejects.toThrow(message);
      await expect(refused).rejects.not.toThrow('secret');
    },
  );

  test('are the file’s own where nothing is set, so that the API sees every mistake', async () => {
    const twice = [{ applicationName: 'shop' }, { applicationName: 'shop' }];
    const values = await fileOf(JSON.stringify({ configurationValues: twice }));
    expect(await readRedeploy({ values })).toMatchObject({ configurationValues: twice });
  });

  test('are refused from a file that is not there', async () => {
    const values = join(await makeTempFolder(), 'nothing');
    await expect(readRedeploy({ values })).rejects.toThrow('cannot be read');
  });
});

test('a plan of a newer connector names both, and what goes', () => {
  const text = printPlan({
    deployment: { id: 'some-id' },
    version: 3,
    connector: {
      before: { version: 1, tag: 'v1', commit: 'a'.repeat(40) },
      after: { version: 2, tag: 'v2', commit: 'b'.repeat(40) },
    },
    changes: {
      configuration: [],
      connector: [{ field: 'connector.version', before: 1, after: 2 }],
      specification: [{ field: 'applications[old]', before: { name: 'x'.repeat(100) } }],
    },
    applications: [
      {
        applicationName: 'shop',
        applicationType: 'service',
        change: 'kept',
        build: { outcome: 'build', reasons: ['Folder "shop" has changed.'] },
        instances: 'restart',
        scripts: ['postDeploy'],
      },
      {
        applicationName: 'old',
        applicationType: 'job',
        change: 'removed',
        instances: 'stop',
        scripts: [],
      },
    ],
  });
  expect(text).toBe(
    [
      'A redeploy of some-id, version 3, would do this. Nothing has been done.',
      '',
      'Connector: version 1, v1 (aaaaaaaaaaaa) → version 2, v2 (bbbbbbbbbbbb)',
      'Configuration: no changes',
      '',
      'CONNECT.YAML         NOW                                                            THEN',
      `  applications[old]  {"name":"${'x'.repeat(51)}…  -`,
      '',
      'APPLICATION  TYPE     BUILD  INSTANCES  SCRIPTS     WHY',
      'shop         service  build  restart    postDeploy  Folder "shop" has changed.',
      'old          job      -      stop       -           The connector no longer has it.',
      '',
    ].join('\n'),
  );
});
