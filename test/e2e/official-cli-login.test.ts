import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCommands } from '../support/official-cli-commands.ts';
import { rowsOf, unwrapped } from '../support/official-cli-output.ts';
import { type CliWorld, openCliWorld } from '../support/official-cli-world.ts';
import { openRecordingProxy } from '../support/recording-proxy.ts';
import { makeTempFolder } from '../support/temp-folder.ts';
import { tinyConnector } from '../support/tiny-connector.ts';

const commandsFile = join(import.meta.dirname, '../fixtures/official-cli/commands.txt');

describe('the official CLI', () => {
  let world: CliWorld;

  beforeAll(async () => {
    world = await openCliWorld(tinyConnector({ app: {} }));
  });
  afterAll(() => world[Symbol.asyncDispose]());

  test('has the commands and flags that the other tests know', async () => {
    const commands = await readCommands((args) => world.run(args.join(' ')), ['auth', 'connect']);

    await expect(commands).toMatchFileSnapshot(commandsFile);
  });

  test('is logged in by berth cli-login', async () => {
    const { client, projectKey, api } = world.berth;
    const { stdout } = await world.run('auth whoami');
    const scopes = stdout.split('Scopes: ')[1]?.split(' ') ?? [];

    expect(stdout.split('\n').slice(0, 3)).toEqual([
      `Logged in as ${client.id}`,
      `Project key: ${projectKey}`,
      `Region: ${new URL(world.proxy.url).host}/`,
    ]);
    expect(scopes).toContain(`manage_project:${projectKey}`);
    expect(api).not.toBe(world.proxy.url);
  });

  test('asks for a login where there is none', async () => {
    const { exitCode, stderr } = await world.run('connect deployment list', {
      home: await makeTempFolder(),
    });

    expect(exitCode).toBe(2);
    expect(unwrapped(stderr)).toMatch(/^Error: Authentication is required to use this command\./);
  });

  describe('behind TLS', () => {
    /** The CLI's login insists on a host `auth.…`, and not every machine finds one below localhost. */
    const findAuthHost = `
      const dns = require('node:dns');
      const { lookup } = dns;
      dns.lookup = (host, ...rest) => lookup(host === 'auth.localhost' ? 'localhost' : host, ...rest);`;
    let home: string;
    let proxy: Awaited<ReturnType<typeof openRecordingProxy>>;
    let environment: Readonly<Record<string, string>>;

    beforeAll(async () => {
      proxy = await openRecordingProxy(world.berth.api, world.tls);
      const preload = join(world.home, 'find-auth-host.cjs');
      await writeFile(preload, findAuthHost);
      environment = {
        NODE_EXTRA_CA_CERTS: world.certificateFile,
        NODE_OPTIONS: `--require ${preload}`,
        CTP_CLI_CONNECT_API_URL: proxy.url,
      };
    });
    afterAll(() => proxy[Symbol.asyncDispose]());

    const readLogin = async (folder: string) =>
      JSON.parse(await readFile(join(folder, '.commercetools/credentials'), 'utf8'));
    const run = (line: string) => world.run(line, { home, environment });

    test('logs in by itself, with a region that ends in a slash', async () => {
      home = await makeTempFolder();
      const { client, projectKey } = world.berth;
      const login =
        `auth login --client-credentials --client-id ${client.id} --client-secret ${client.secret} ` +
        `--project-key ${projectKey} --region ${new URL(proxy.url).host}/`;

      const loggedIn = await run(login);

      expect(loggedIn).toMatchObject({ exitCode: 0, stderr: '' });
      expect(proxy.take()).toEqual(['POST /.commercetools.com/oauth/token 200']);
      expect((await run('connect deployment list')).exitCode).toBe(0);
      const refused = await run(login.replace(client.secret, 'wrong'));
      expect(refused.exitCode).toBe(2);
      expect(unwrapped(refused.stderr)).toBe(
        'Error: Authentication failed: Invalid client credentials.',
      );
      const other = await run(login.replace(`-key ${projectKey}`, '-key other'));
      expect(unwrapped(other.stderr)).toBe(
        'Error: Authentication failed: Project key "other" is not present in the token scopes.',
      );
    });

    test('leaves the same behind as berth cli-login', async () => {
      home = await makeTempFolder();
      await world.runBerth(['cli-login', '--api-url', proxy.url], home);
      const ours = await readLogin(home);
      const { client, projectKey } = world.berth;
      await run(
        `auth login --client-credentials --client-id ${client.id} --client-secret ${client.secret} ` +
          `--project-key ${projectKey} --region ${new URL(proxy.url).host}/`,
      );
      const theirs = await readLogin(home);

      const { accessToken, issuedAt, expiresAt } = theirs;
      expect({ ...ours, accessToken, issuedAt, expiresAt }).toEqual(theirs);
      expect(ours.expiresAt - ours.issuedAt).toBe(172_800_000 - 300_000);
      // Between its two looks at the clock a millisecond may pass.
      expect(Math.abs(theirs.expiresAt - theirs.issuedAt - 172_500_000)).toBeLessThan(1000);
    });

    test.for([
      ['that has expired', { expiresAt: 0 }],
      ['that Berth does not know', { accessToken: 'of yesterday' }],
    ] as const)('gets itself a new token in place of one %s', async ([, change]) => {
      home = await makeTempFolder();
      await world.runBerth(['cli-login', '--api-url', proxy.url], home);
      const before = { ...(await readLogin(home)), ...change };
      await writeFile(join(home, '.commercetools/credentials'), JSON.stringify(before));
      proxy.take();

      const listed = await run('connect deployment list');

      expect(rowsOf(listed)).toEqual(['ID KEY VERSION STATUS', 'Showing items 1–0 of 0.']);
      expect(proxy.take()).toContain('POST /.commercetools.com/oauth/token 200');
      expect((await readLogin(home)).accessToken).not.toBe(before.accessToken);
    });
  });
});
