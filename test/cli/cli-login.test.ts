import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { chooseApiUrl } from '../../src/cli/api/api-url.ts';
import { type Berth, startBerth } from '../support/berth.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const program = join(import.meta.dirname, '../../src/cli/berth.ts');

describe('berth cli-login', () => {
  let berth: Berth;

  beforeAll(async () => {
    berth = await startBerth();
  });
  afterAll(() => berth[Symbol.asyncDispose]());

  test('writes the login that the official CLI reads, and prints the line for the shell', async () => {
    const home = await makeTempFolder();
    const before = Date.now();

    const { exitCode, stdout, stderr } = await run(home, ['--api-url', `${berth.api}/`]);

    expect(exitCode, stderr).toBe(0);
    expect(stdout).toBe(`export CTP_CLI_CONNECT_API_URL=${berth.api}`);
    expect(stderr).toContain('logged in to project "test-project" until 20');
    const login = await readLogin(home);
    expect(login).toEqual({
      authentication: 'client-credentials',
      clientId: berth.client.id,
      clientSecret: berth.client.secret,
      projectKey: 'test-project',
      scope: expect.stringMatching(/^manage_project:test-project /),
      region: `${new URL(berth.api).host}/`,
      accessToken: expect.any(String),
      refreshToken: null,
      issuedAt: expect.any(Number),
      expiresAt: Number(login['issuedAt']) + 172_800_000 - 300_000,
    });
    expect(login['issuedAt']).toBeGreaterThanOrEqual(before);
    for (const secret of [berth.client.secret, login['accessToken']])
      expect(stdout + stderr).not.toContain(secret);
    const read = await berth.request(
      'GET',
      '/test-project/deployments',
      undefined,
      String(login['accessToken']),
    );
    expect(read.status).toBe(200);
  });

  test('lets nobody else read the file, and leaves nothing beside it', async () => {
    const home = await makeTempFolder();

    await run(home, ['--api-url', berth.api]);

    const folder = join(home, '.commercetools');
    expect(await readdir(folder)).toEqual(['credentials']);
    expect(await modeOf(folder)).toBe(0o700);
    expect(await modeOf(join(folder, 'credentials'))).toBe(0o600);
  });

  test('keeps what else is in the file, and sets a hosted login aside once', async () => {
    const home = await makeTempFolder();
    const hosted = {
      authentication: 'client-credentials',
      clientId: 'hosted',
      clientSecret: 'shown only once',
      region: 'europe-west1.gcp',
      somethingNew: [1],
    };
    await writeLogin(home, JSON.stringify(hosted));
    const aside = join(home, '.commercetools/credentials.before-berth');

    const first = await run(home, ['--api-url', berth.api]);
    const second = await run(home, ['--api-url', berth.api]);

    expect(first.stderr).toContain(`Your other login is kept: ${aside}`);
    expect(second.stderr).not.toContain('before-berth');
    expect(await readLogin(home)).toMatchObject({ clientId: berth.client.id, somethingNew: [1] });
    expect(JSON.parse(await readFile(aside, 'utf8'))).toEqual(hosted);
    expect(await modeOf(aside)).toBe(0o600);
    expect(await modeOf(join(home, '.commercetools/credentials'))).toBe(0o600);
  });

  test('writes through a link that somebody made', async () => {
    const home = await makeTempFolder();
    const elsewhere = join(await makeTempFolder(), 'kept-here');
    await writeFile(elsewhere, '{}');
    await mkdir(join(home, '.commercetools'));
    await symlink(elsewhere, join(home, '.commercetools/credentials'));

    expect((await run(home, ['--api-url', berth.api])).exitCode).toBe(0);

    expect(JSON.parse(await readFile(elsewhere, 'utf8'))).toMatchObject({
      clientId: berth.client.id,
    });
  });

  test('takes another client, whose secret comes on stdin, and finds its project', async () => {
    const home = await makeTempFolder();
    const scope = 'view_connectors:test-project';
    const made = await berth.request('POST', '/test-project/api-clients', { name: 'CLI', scope });
    const environment = { BERTH_BOOTSTRAP_PROJECT_KEY: '', BERTH_BOOTSTRAP_CLIENT_ID: '' };

    const { exitCode, stdout, stderr } = await run(
      home,
      ['--json', '--api-url', berth.api, '--client-id', made.body.id],
      {
        input: `${made.body.secret}\nmore\n`,
        environment: { ...environment, BERTH_BOOTSTRAP_CLIENT_SECRET: '' },
      },
    );

    expect(exitCode, stderr).toBe(0);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      projectKey: 'test-project',
      clientId: made.body.id,
      apiUrl: berth.api,
      credentialsFile: join(home, '.commercetools/credentials'),
      expiresAt: new Date(Number((await readLogin(home))['expiresAt'])).toISOString(),
      environment: { CTP_CLI_CONNECT_API_URL: berth.api },
    });
    expect(await readLogin(home)).toMatchObject({ clientSecret: made.body.secret, scope });
  });

  test('finds Berth and its client where its settings and its data directory say', async () => {
    const home = await makeTempFolder();
    const dataDirectory = await makeTempFolder();
    const { id: clientId, secret: clientSecret } = berth.client;
    const credentials = { projectKey: 'test-project', clientId, clientSecret };
    await writeFile(join(dataDirectory, 'credentials.json'), JSON.stringify(credentials));

    const { exitCode, stdout, stderr } = await run(home, [], {
      environment: {
        BERTH_DATA_DIR: dataDirectory,
        BERTH_HOST: '0.0.0.0',
        BERTH_PORT: new URL(berth.api).port,
        BERTH_BOOTSTRAP_PROJECT_KEY: '',
        BERTH_BOOTSTRAP_CLIENT_ID: '',
        BERTH_BOOTSTRAP_CLIENT_SECRET: '',
      },
    });

    expect(exitCode, stderr).toBe(0);
    expect(stdout).toBe(
      `export CTP_CLI_CONNECT_API_URL=http://127.0.0.1:${new URL(berth.api).port}`,
    );
  });

  test('has no option for a secret: command lines are for everybody to see', async () => {
    const { exitCode, stderr } = await run(await makeTempFolder(), ['--client-secret', 'x']);

    expect(exitCode).toBe(1);
    expect(stderr).toContain("unknown option '--client-secret'");
  });

  test.for<Refused>([
    {
      what: 'Berth does not run',
      args: async () => ['--api-url', await closedPort()],
      says: [
        /^berth: Berth does not answer at http:\/\/127\.0\.0\.1:\d+: connect ECONNREFUSED/,
        'Start it (berth serve)',
      ],
    },
    {
      what: 'something else answers',
      args: async () => [
        '--api-url',
        await serve((_, response) => response.end('<html>Not Berth</html>')),
      ],
      says: [/gave no token, but status 200: <html>Not Berth/, 'not of its gateway'],
    },
    {
      what: 'the secret would be sent elsewhere',
      args: async () => [
        '--api-url',
        await serve((_, response) => response.writeHead(307, { location: berth.api }).end()),
      ],
      says: [/does not answer at .*redirect/],
    },
    {
      what: 'Berth does not know the client',
      args: () => ['--api-url', berth.api],
      environment: { BERTH_BOOTSTRAP_CLIENT_SECRET: 'another-secret' },
      says: [/does not know the API client "test-client"\./, 'set BERTH_DATA_DIR as it is there'],
    },
    {
      what: 'too many logins have failed',
      args: async () => ['--api-url', await serve((_, response) => response.writeHead(429).end())],
      says: ['takes no login of this API client at the moment.', 'Try again in a minute'],
    },
    {
      what: 'the client is of another project',
      args: () => ['--api-url', berth.api, '--project', 'other'],
      says: ['has no scope of project "other". Its projects: test-project.', 'with --project'],
    },
    {
      what: 'nobody made a client',
      args: () => ['--api-url', berth.api],
      environment: {
        BERTH_DATA_DIR: '/nowhere',
        BERTH_BOOTSTRAP_PROJECT_KEY: '',
        BERTH_BOOTSTRAP_CLIENT_ID: '',
        BERTH_BOOTSTRAP_CLIENT_SECRET: '',
      },
      says: ['/nowhere/credentials.json does not exist.', 'Start Berth (berth serve)'],
    },
    {
      what: 'stdin holds no secret',
      args: () => ['--api-url', berth.api, '--client-id', 'x'],
      says: ['The first line on stdin is no client secret.', '< file-with-the-secret'],
    },
    {
      what: 'the port is any',
      args: () => [],
      environment: { BERTH_PORT: '0' },
      says: ['BERTH_PORT is 0', 'Name it with --api-url'],
    },
    {
      what: 'the URL is more than a host',
      args: () => ['--api-url', `${berth.api}/demo`],
      says: ['--api-url must be http:// or https:// with a host', 'For example'],
    },
  ])('says what to do where $what, and writes nothing', async ({ args, environment, says }) => {
    const home = await makeTempFolder();

    const result = await run(home, await args(), { environment: environment ?? {} });

    expect(result).toMatchObject({ exitCode: 1, stdout: '' });
    for (const text of says) expect(result.stderr).toMatch(text);
    expect(result.stderr).not.toContain('    at ');
    expect(await readdir(home)).toEqual([]);
  });

  test('leaves a file alone that the CLI did not write', async () => {
    const home = await makeTempFolder();
    await writeLogin(home, 'not JSON');

    const { exitCode, stderr } = await run(home, ['--api-url', berth.api]);

    expect(exitCode).toBe(1);
    expect(stderr).toContain('it holds no JSON object.\nMove it away, and log in again.');
    expect(await readdir(join(home, '.commercetools'))).toEqual(['credentials']);
    expect(await readFile(join(home, '.commercetools/credentials'), 'utf8')).toBe('not JSON');
  });

  function run(
    home: string,
    args: readonly string[],
    {
      input = '',
      environment = {},
    }: { readonly input?: string; readonly environment?: Readonly<Record<string, string>> } = {},
  ) {
    return execa(process.execPath, [program, 'cli-login', ...args], {
      extendEnv: false,
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: home,
        BERTH_BOOTSTRAP_PROJECT_KEY: berth.projectKey,
        BERTH_BOOTSTRAP_CLIENT_ID: berth.client.id,
        BERTH_BOOTSTRAP_CLIENT_SECRET: berth.client.secret,
        ...environment,
      },
      input,
      reject: false,
    });
  }
});

describe('the address of Berth', () => {
  const settings = { host: '127.0.0.1', port: 4000 };

  test.for([
    ['https://berth.example.com', 'https://berth.example.com'],
    ['HTTPS://Berth_1.example.com:443/', 'https://berth_1.example.com'],
    ['http://[::1]:4000/', 'http://[::1]:4000'],
    [undefined, 'http://127.0.0.1:4000'],
  ] as const)('%s is %s', ([given, url]) => {
    expect(chooseApiUrl(given, settings)).toBe(url);
  });

  test.for([
    ['berth', 'http://berth:4000'],
    ['0.0.0.0', 'http://127.0.0.1:4000'],
    ['::', 'http://127.0.0.1:4000'],
    ['::1', 'http://[::1]:4000'],
  ] as const)('is found where it listens on %s: %s', ([host, url]) => {
    expect(chooseApiUrl(undefined, { host, port: 4000 })).toBe(url);
  });

  // What is printed is for a shell to evaluate.
  test.for([
    ...['ftp://a', 'http://a:b@berth', 'http://berth/demo', 'http://berth?a'],
    ...['http://berth#a', "http://a';b", 'http://$(id)', 'http://a`b`', 'http://a&b', 'berth', ''],
  ])('is not %s', (given) => {
    expect(() => chooseApiUrl(given, settings)).toThrow('--api-url must be http:// or https://');
  });
});

interface Refused {
  readonly what: string;
  readonly args: () => readonly string[] | Promise<readonly string[]>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly says: readonly (string | RegExp)[];
}

async function readLogin(home: string): Promise<Readonly<Record<string, unknown>>> {
  return JSON.parse(await readFile(join(home, '.commercetools/credentials'), 'utf8'));
}

async function writeLogin(home: string, text: string): Promise<void> {
  await mkdir(join(home, '.commercetools'));
  const file = join(home, '.commercetools/credentials');
  await writeFile(file, text);
  // As the CLI leaves it.
  await chmod(file, 0o644);
}

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777;
}

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function closedPort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}
