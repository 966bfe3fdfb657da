import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Berth, startBerth } from '../support/berth.ts';
import { type CanarySearch, newMark, searchFor } from '../support/canary-search.ts';
import { type CommandLines, watchCommandLines } from '../support/command-lines.ts';
import {
  draftOf,
  previewConnector,
  readLog,
  redeploy,
  reportEntries,
  settleDeployment,
  undeploy,
} from '../support/deploy.ts';
import { serveRepository } from '../support/git-http-server.ts';
import { createRepository, type TestRepository } from '../support/git-repository.ts';
import { makeTempFolder } from '../support/temp-folder.ts';
import { keys, tinyConnector } from '../support/tiny-connector.ts';

/** In every secret, so that any part of one that is large enough is found. */
const mark = newMark();
const unique = () => `${mark}${randomBytes(6).toString('hex')}`;

const makers: readonly (() => string)[] = [
  () => `${unique()}AbcdefGhijkl`,
  () => `{"key":"${unique()}","quote":"\\"'\\\\","list":[1,null],"t":"a\tb"}`,
  () => `https://user:${unique()}@example.com/a b?c=d&e=%20+f#g`,
  () => `-----BEGIN KEY-----\n${unique()}\r\n${unique()}+/==\n-----END KEY-----\n`,
  () => `ñ漢字🚀 ${unique()} \u202eü`,
];
const secrets = Array.from({ length: 200 }, (_, at) => makers[at % makers.length]?.() ?? '');
const names = Array.from({ length: 60 }, (_, at) => `SECRET_${at}`);
const valuesFrom = (first: number) =>
  names.map((key, at) => ({ key, value: secrets[first + at] ?? '' }));
/** 60 for each of three configurations, and these. */
const others = secrets.slice(180);

/** Says everything in every form, on both streams. */
const shout = `
const values = Object.entries(process.env).filter(([name]) => /^SECRET_|^SHARED$|^CTP_CLIENT_SECRET$/.test(name));
const forms = {
  raw: (value) => value,
  json: (value) => JSON.stringify({ message: value, nested: { list: [value] } }),
  twice: (value) => JSON.stringify(JSON.stringify(value)),
  base64: (value) => Buffer.from('user:' + value).toString('base64'),
  aligned: (value) => ['', 'x', 'xy'].map((start) => Buffer.from(start + value).toString('base64url')).join(' '),
  hex: (value) => Buffer.from(value).toString('hex') + ' ' + Buffer.from(value).toString('hex').toUpperCase(),
  url: (value) => '/path?token=' + encodeURIComponent(value) + '&form=' + new URLSearchParams({ value }),
};
exports.shout = () => {
  for (const [name, value] of values)
    for (const [form, print] of Object.entries(forms)) {
      console.log(name + ' ' + form + ' ' + print(value));
      console.error('error ' + form + ': ' + print(value));
    }
  console.log(JSON.stringify({ environment: process.env }));
  console.log({ environment: process.env });
  console.log(new Error('failed with ' + values.map(([, value]) => value).join(' and ')));
};
exports.inPieces = async () => {
  for (const [, value] of values.slice(0, 10)) {
    for (const piece of [value.slice(0, 9), value.slice(9, 14), value.slice(14)]) {
      process.stdout.write(piece);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    process.stdout.write('\\n');
  }
};
`;

const server = `
const { shout, inPieces } = require('./shout.cjs');
if (process.env.FAILS) { shout(); throw new Error(process.env.SECRET_0 + process.env.SECRET_1); }
require('node:http').createServer(async (request, response) => {
  const [, , what, name] = request.url.split('?')[0].split('/');
  if (what === 'env') return response.end(process.env[name] ?? 'unset');
  if (what === 'pid') return response.end(String(process.pid));
  if (what === 'shout') { shout(); await inPieces(); }
  if (what === 'crash') { shout(); setImmediate(() => { throw new Error(process.env.SECRET_2); }); return; }
  response.end('done');
}).listen(8080, () => console.log('listens'));
`;

/** The shell's own messages hold what it was told to use. */
const script = `
const { shout, inPieces } = require('./shout.cjs');
const { spawnSync } = require('node:child_process');
shout();
inPieces().then(() => {
  spawnSync('sh', ['-c', 'cd "$SECRET_0"; "$SECRET_5"; . "$SECRET_10"'], { stdio: 'inherit' });
  console.log('script is at its end');
  process.exit(1);
});
`;

const build = `console.log('the build sees', JSON.stringify(process.env));\nprocess.exit(1);\n`;

const program = join(import.meta.dirname, '../../src/cli/berth.ts');

describe('two hundred secrets', () => {
  let berth: Berth;
  let repository: TestRepository;
  let commandLines: CommandLines;
  let temporary: string;
  let search: CanarySearch;
  let deployment: Answer;
  const heard: string[] = [];
  /** Secrets that Berth has made itself. */
  const made: string[] = [];
  const hear = (answer: Answer): Answer => {
    heard.push(JSON.stringify([answer.status, [...answer.headers], answer.body]));
    return answer;
  };
  const ask = async (method: string, path: string, body?: unknown, token?: string) =>
    hear(await berth.request(method, path, body, token));
  const settled = async (accepted: Answer): Promise<Answer> => {
    hear(accepted);
    expect(accepted.status, JSON.stringify(accepted.body).slice(0, 500)).toBeLessThan(300);
    return hear(await settleDeployment(berth, accepted.body.id));
  };

  beforeAll(async () => {
    temporary = await mkdtemp(join(tmpdir(), 'berth-canary-'));
    berth = await startBerth({ environment: { TMPDIR: temporary, BERTH_LOG_LEVEL: 'trace' } });
    commandLines = watchCommandLines(() => berth.pidOf('supervisor'));
    repository = await createRepository({
      files: tinyConnector(
        {
          app: {
            server,
            spec: {
              scripts: { postDeploy: 'node script.cjs', preUndeploy: 'node script.cjs' },
              ...keys(['FAILS'], names),
            },
            files: { 'script.cjs': script, 'shout.cjs': shout },
          },
        },
        {
          apiClient: { scopes: ['view_products'] },
          configuration: keys([], ['SHARED']).configuration,
        },
      ),
      tag: 'v1',
    });
  });
  afterAll(async () => {
    await commandLines?.[Symbol.asyncDispose]();
    await berth?.[Symbol.asyncDispose]();
    await repository?.remove();
    await rm(temporary, { recursive: true, force: true });
  });

  test('are all different, and the search finds one in every form', async () => {
    expect(new Set(secrets).size).toBe(200);
    const planted = newMark();
    const found = searchFor([planted]);
    const bytes = Buffer.from(`${planted}!`);
    const forms: Readonly<Record<string, Buffer>> = {
      raw: Buffer.concat([randomBytes(10), bytes]),
      hex: Buffer.from(bytes.toString('hex')),
      HEX: Buffer.from(bytes.toString('hex').toUpperCase()),
      percent: Buffer.from(bytes.toString('hex').replaceAll(/../g, '%$&')),
      'base64+0': Buffer.from(bytes.toString('base64')),
      'base64+1': Buffer.from(Buffer.from(`a${planted}bc`).toString('base64')),
      'base64+2': Buffer.from(Buffer.from(`ab${planted}c`).toString('base64url')),
    };
    for (const [name, form] of Object.entries(forms)) {
      expect(found.inBytes(form).join(), name).toContain(`as ${name}`);
      const packed = gzipSync(form);
      expect(found.inBytes(packed).join(), name).toContain('in gzip');
      const amid = Buffer.concat([randomBytes(99), packed, gzipSync('x'), randomBytes(99)]);
      expect(found.inBytes(amid).join(), name).toMatch(
        new RegExp(`as ${name.replace('+', '.')}.* in gzip`, 's'),
      );
      expect(found.inBytes(gzipSync(packed)).join(), name).toMatch(/ in gzip in gzip$/m);
      const folder = await makeTempFolder();
      await writeFile(join(folder, 'file'), amid);
      expect(await found.inFolder(folder), name).not.toEqual([]);
      expect(await found.inFolder(folder, [join(folder, 'file')])).toEqual([]);
    }
    expect(found.inBytes(Buffer.from(newMark()))).toEqual([]);
    const folder = await makeTempFolder();
    await mkdir(join(folder, planted));
    expect(await found.inFolder(folder)).not.toEqual([]);
  });

  test('go through a deploy, a redeploy, a rollback and an undeploy whose scripts fail', async () => {
    const connector = hear(await previewConnector(berth, { url: repository.url, tag: 'v1' }));
    const draft = draftOf(connector, {
      key: 'canary',
      globalConfiguration: { securedConfiguration: [{ key: 'SHARED', value: others[0] }] },
    });
    draft.configurations[0].securedConfiguration = valuesFrom(0);
    deployment = await settled(await berth.request('POST', '/test-project/deployments', draft));
    expect(deployment.body.status).toBe('Deployed');
    const { url } = deployment.body.applications[0];
    expect(await (await fetch(`${url}/env/SECRET_3`)).text()).toBe(secrets[3]);
    made.push(await (await fetch(`${url}/env/CTP_CLIENT_SECRET`)).text());
    expect(made[0]?.length).toBeGreaterThan(20);

    // In the environment of the application the search finds what it is to find nowhere else.
    const pid = await (await fetch(`${url}/pid`)).text();
    const environment = await readFile(`/proc/${pid}/environ`);
    expect(searchFor([mark]).inBytes(environment)).not.toEqual([]);
    expect(searchFor(made).inBytes(environment)).not.toEqual([]);

    await fetch(`${url}/shout`);
    for (const secret of secrets.slice(0, 20))
      await fetch(
        `${url}/path?token=${encodeURIComponent(secret)}&${new URLSearchParams({ secret })}`,
      );
    await fetch(`${url}/crash`).catch(() => undefined);

    const twin = { ...draft, key: 'twin' };
    twin.configurations = [{ ...draft.configurations[0], securedConfiguration: valuesFrom(60) }];
    const second = await settled(await berth.request('POST', '/test-project/deployments', twin));
    deployment = await settled(
      await redeploy(berth, deployment, {
        configurationValues: [{ applicationName: 'app', securedConfiguration: valuesFrom(120) }],
        globalConfiguration: { securedConfiguration: [{ key: 'SHARED', value: others[1] }] },
      }),
    );
    expect(deployment.body.status).toBe('Deployed');
    expect(await (await fetch(`${url}/env/SHARED`)).text()).toBe(others[1]);
    await fetch(`${url}/shout`);
    const revisions = await ask('GET', '/test-project/deployments/key=canary/revisions');
    const path = '/test-project/deployments/key=canary/revisions/1/rollback';
    expect(revisions.status).toBe(200);
    deployment = await settled(
      await berth.request('POST', path, { version: deployment.body.version }),
    );
    expect(await (await fetch(`${url}/env/SECRET_3`)).text()).toBe(secrets[3]);
    hear(await undeploy(berth, second.body.id));
  }, 180_000);

  test('go through an application that cannot start, and a build that prints what it sees', async () => {
    const fails = { key: 'FAILS', value: 'yes' };
    deployment = await settled(
      await redeploy(berth, deployment, {
        configurationValues: [{ applicationName: 'app', standardConfiguration: [fails] }],
      }),
    );
    expect(deployment.body.status).toBe('Failed');
    expect(JSON.stringify(reportEntries(deployment))).toMatch(/\[secret SECRET_\d+\]/);

    await using broken = await createRepository({
      files: tinyConnector({
        app: { packageScripts: { build: 'node build.cjs' }, files: { 'build.cjs': build } },
      }),
      tag: 'v1',
    });
    const preview = hear(await previewConnector(berth, { url: broken.url, tag: 'v1' }));
    expect(preview.body.isPreviewable).toBe('false');
    expect(JSON.stringify(preview.body)).toContain('the build sees');
  }, 120_000);

  test('go through requests that are refused', async () => {
    const [a = '', b = '', c = '', d = '', e = '', f = '', g = '', h = ''] = others.slice(2);
    const { connector, region } = deployment.body;
    const reference = { id: connector.id, staged: true };
    const application = (fields: object) => ({ applicationName: 'app', ...fields });
    const bodies: readonly unknown[] = [
      a,
      [a, b],
      `{"configurations":[{"securedConfiguration":[{"key":"SECRET_0","value":"${unique()}"`,
      `{"value": ${unique()}}`,
      { connector: reference, region, configurations: { app: { SECRET_0: a } } },
      ...[
        [{ key: 'SECRET_0', value: { secret: b } }],
        [{ key: 'SECRET_0', value: [c] }],
        [{ key: 'SECRET_0', value: `${d}${'x'.repeat(200_000)}` }],
        [{ key: 'UNKNOWN', value: e }],
        [{ key: 'SECRET_0', secret: f }],
        { SECRET_0: g },
        g,
      ].map((securedConfiguration) => ({
        connector: reference,
        region,
        configurations: [application({ securedConfiguration })],
      })),
      {
        connector: reference,
        region,
        configurations: [application({ standardConfiguration: [{ key: 'SECRET_0', value: h }] })],
      },
    ];
    for (const body of bodies) {
      const answer = await ask('POST', '/test-project/deployments', body);
      expect(answer.status, JSON.stringify(answer.body)).toBe(400);
    }
    const url = `http://user:${unique()}@127.0.0.1:1/connector.git`;
    const refused = await ask('POST', '/connectors/drafts', {
      name: 'A connector',
      creator: { email: 'somebody@example.com' },
      repository: { url, tag: 'v1' },
    });
    expect(refused.status).toBe(400);

    const wrong = await ask('POST', `/connectors/drafts/${connector.id}`, {
      version: connector.version,
      actions: [{ action: 'setRepository', url, tag: 'v1' }],
    });
    expect(wrong.status).toBe(400);

    for (const token of [unique(), `test-project:${unique()}`])
      expect((await ask('GET', '/test-project/deployments', undefined, token)).status).toBe(401);
    const login = (authorization: string, body: URLSearchParams) =>
      fetch(`${berth.api}/oauth/token`, { method: 'POST', headers: { authorization }, body });
    const grant = new URLSearchParams({
      grant_type: 'client_credentials',
      client_secret: unique(),
    });
    const refusedLogin = await login(`Basic ${btoa(`${berth.client.id}:${unique()}`)}`, grant);
    expect(refusedLogin.status).toBe(401);
    heard.push(await refusedLogin.text());
  });

  test('go through a repository that asks for a password', async () => {
    const password = `${unique()}%20`;
    const authorization = `Basic ${btoa(`user:${decodeURIComponent(password)}`)}`;
    await using server = await serveRepository(repository, { authorization });
    const url = server.url.replace('://', `://user:${password}@`);
    const preview = hear(await previewConnector(berth, { url, tag: 'v1' }));
    expect(preview.body.isPreviewable).toBe('true');
    const { id, version, repository: shown } = preview.body;
    expect(shown.url).toBe(server.url.replace('://', '://***@'));
    const deployed = await settled(
      await berth.request(
        'POST',
        '/test-project/deployments',
        draftOf(preview, { key: 'from-password' }),
      ),
    );
    expect(deployed.body.status).toBe('Deployed');

    // What was read may be sent back.
    const set = await ask('POST', `/connectors/drafts/${id}`, {
      version,
      actions: [{ action: 'setRepository', ...shown }],
    });
    expect(set.status).toBe(201);
    const wrong = server.url.replace('://', `://user:${unique()}@`);
    const refused = await ask('POST', `/connectors/drafts/${id}`, {
      version: set.body.version,
      actions: [{ action: 'setRepository', url: wrong, tag: 'v1' }],
    });
    expect(refused.status).toBe(400);
  }, 120_000);

  test('go through a request that is sent again', async () => {
    const send = async (path: string, idempotencyKey: string, body: unknown): Promise<Answer> => {
      const response = await fetch(`${berth.api}${path}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${await berth.token()}`,
          'content-type': 'application/json',
          'idempotency-key': idempotencyKey,
        },
        body: JSON.stringify(body),
      });
      return { status: response.status, headers: response.headers, body: await response.json() };
    };
    const [first, second] = [unique(), unique()];
    const client = { name: 'again', scope: 'manage_project:test-project' };
    const clients = [
      await send('/test-project/api-clients', first, client),
      await send('/test-project/api-clients', first, client),
    ];
    const secret: string = clients[0]?.body.secret;
    expect(secret.length).toBeGreaterThan(10);
    expect(clients[1]?.body).toEqual(clients[0]?.body);

    const draft = draftOf(await ask('GET', `/connectors/drafts/${deployment.body.connector.id}`), {
      key: 'repeated',
    });
    draft.configurations[0].securedConfiguration = valuesFrom(120);
    const accepted = [
      hear(await send('/test-project/deployments', second, draft)),
      hear(await send('/test-project/deployments', second, draft)),
    ];
    expect(accepted[1]?.body.id).toBe(accepted[0]?.body.id);
    const other = { ...draft, key: unique() };
    expect(hear(await send('/test-project/deployments', second, other)).status).toBe(422);
    const [one] = accepted;
    if (one !== undefined) expect((await settled(one)).body.status).toBe('Deployed');
    made.push(secret, await berth.token(), berth.client.secret);
  }, 120_000);

  test('are found nowhere: not in answers, logs, files, backups, output or command lines', async () => {
    for (const path of [
      '/test-project/deployments',
      '/test-project/deployments/key=canary',
      '/test-project/deployments/key=canary/revisions',
      '/test-project/operations',
      '/test-project/audit-log?limit=500',
      '/connectors/drafts',
      '/test-project/api-clients',
    ]) {
      expect((await ask('GET', path)).status, path).toBe(200);
    }
    const log = JSON.stringify(await readLog(berth, deployment.body.id));
    expect(log).toContain('script is at its end');
    expect(log).toContain('[secret SECRET_59]');
    expect(log).toContain('[secret CTP_CLIENT_SECRET]');
    heard.push(log);

    const backup = join(await makeTempFolder(), 'backup');
    await execa(process.execPath, [program, 'backup', backup], {
      env: { BERTH_DATA_DIR: berth.dataDirectory },
    });
    search = searchFor([mark, ...made]);
    const found = {
      answers: heard.flatMap((text) => search.inBytes(Buffer.from(text))),
      output: search.inBytes(Buffer.from(berth.output.join('\n'))),
      commands: search.inBytes(Buffer.from([...commandLines.seen].join('\n'))),
      backup: search.inBytes(await readFile(backup)),
      temporary: await search.inFolder(temporary),
      data: await search.inFolder(berth.dataDirectory, [
        join(berth.dataDirectory, 'keys'),
        join(berth.dataDirectory, 'credentials.json'),
      ]),
    };
    expect(found).toEqual({
      answers: [],
      output: [],
      commands: [],
      backup: [],
      temporary: [],
      data: [],
    });

    // Of all of it, something was there to search.
    expect(search.files).toBeGreaterThan(20);
    expect(heard.length).toBeGreaterThan(20);
    expect([...commandLines.seen].join('\n')).toContain('script.cjs');
    const stored = searchFor(['canary']);
    expect(stored.inBytes(await readFile(backup))).not.toEqual([]);
    expect(await stored.inFolder(berth.dataDirectory)).not.toEqual([]);
    const sealed = searchFor(['://sealed-']);
    expect(await sealed.inFolder(berth.dataDirectory)).not.toEqual([]);
  }, 120_000);
});
