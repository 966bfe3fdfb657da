import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer as createHttpServer, request as httpRequest } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { AuditResult } from '../../../../src/core/audit.ts';
import { prepareNodeBuilderPlace } from '../../../support/builder-place.ts';
import { bulkAudit, type FakeRegistry, startFakeRegistry } from '../../../support/fake-registry.ts';
import { createRepository, type TestFiles } from '../../../support/git-repository.ts';
import { makeTempFolder } from '../../../support/temp-folder.ts';

const tools = join(tmpdir(), 'berth-test-tools');
const bad = { package: 'bad', title: 'Bad things', url: 'https://github.com/advisories/GHSA-test' };
const dependsOnBad = (more: object = {}) =>
  JSON.stringify({ name: 'app', version: '1.0.0', dependencies: { bad: '^1.0.0' }, ...more });

test('npm finds a vulnerable package by its lockfile alone', async () => {
  await using of = await prepare((registry) => ({
    'app/package.json': dependsOnBad(),
    'app/package-lock.json': registry.npmLock(),
  }));
  of.registry.audits = { kind: 'advisory', severity: 'high' };
  expect(await of.audit()).toEqual({
    outcome: 'checked',
    tool: expect.stringMatching(/^npm \d/),
    packages: 1,
    vulnerabilities: [{ ...bad, severity: 'high', range: '<1.0.1', hasFix: true }],
  });
  expect(JSON.parse(of.registry.requests[0]?.body ?? '')).toEqual({ bad: ['1.0.0'] });
});

test('what no version fixes is told apart', async () => {
  await using of = await prepare((registry) => ({
    'app/package.json': dependsOnBad(),
    'app/package-lock.json': registry.npmLock(),
  }));
  of.registry.audits = { kind: 'advisory', severity: 'critical', range: '*' };
  expect(await of.audit()).toMatchObject({
    vulnerabilities: [{ severity: 'critical', hasFix: false }],
  });
});

test('development dependencies are not asked about', async () => {
  await using of = await prepare((registry) => {
    const lock = JSON.parse(registry.npmLock());
    lock.packages[''] = {
      devDependencies: { bad: '^1.0.0' },
      dependencies: { local: 'file:local' },
    };
    lock.packages['node_modules/bad'].dev = true;
    lock.packages['node_modules/local'] = { resolved: 'local', link: true };
    lock.packages['local'] = { version: '1.0.0' };
    const dependencies = { local: 'file:local' };
    return {
      'app/package.json': dependsOnBad({ dependencies, devDependencies: { bad: '^1.0.0' } }),
      'app/local/package.json': JSON.stringify({ name: 'local', version: '1.0.0' }),
      'app/package-lock.json': JSON.stringify(lock),
    };
  });
  of.registry.audits = { kind: 'advisory', severity: 'high' };
  expect(await of.audit()).toMatchObject({ outcome: 'checked', vulnerabilities: [] });
  expect(of.registry.requests).toEqual([]);
});

test('pnpm finds a vulnerable package, whichever version of itself the project names', async () => {
  await using of = await prepare((registry) => ({
    'app/package.json': dependsOnBad({ packageManager: 'pnpm@9.1.0', engines: { pnpm: '9.1.0' } }),
    'app/pnpm-lock.yaml': registry.pnpmLock(),
    // Its own, because Berth fetches pnpm itself from the operator's.
    'app/.npmrc': `registry=${registry.url}`,
  }));
  of.registry.audits = { kind: 'advisory', severity: 'critical' };
  expect(await of.audit(of.open({ registry: undefined }))).toMatchObject({
    outcome: 'checked',
    tool: expect.stringMatching(/^pnpm 11\./),
    packages: 1,
    vulnerabilities: [{ ...bad, severity: 'critical', hasFix: true }],
  });
}, 120_000);

test('Yarn 1 finds a vulnerable package at the only registry it asks', async () => {
  await using of = await prepare((registry) => ({
    'app/package.json': dependsOnBad(),
    'app/yarn.lock': registry.yarnLock(),
  }));
  await using yarnpkg = await startAsYarnpkg(of.registry);
  const open = () => of.open({ operatorEnvironment: { ...process.env, ...yarnpkg.environment } });
  of.registry.audits = { kind: 'advisory', severity: 'high' };
  const found = await of.audit(open());
  expect(found).toMatchObject({
    outcome: 'checked',
    tool: expect.stringMatching(/^yarn 1\./),
    packages: 1,
    vulnerabilities: [{ ...bad, severity: 'high', hasFix: true }],
  });
  of.registry.audits = { kind: 'status', status: 410 };
  expect(await of.audit(open())).toMatchObject({
    outcome: 'skipped',
    reason: expect.stringMatching(/^`yarn audit` of yarn 1\.\S+ was refused, .*returned a 410$/),
  });
});

test.each([400, 403, 405, 410, 500])('a registry that answers %d is no success', async (status) => {
  await using of = await prepare((registry) => ({
    'app/package.json': dependsOnBad(),
    'app/package-lock.json': registry.npmLock(),
  }));
  of.registry.audits = { kind: 'status', status };
  const result = await of.audit();
  expect(result).toMatchObject({
    outcome: 'skipped',
    reason: expect.stringContaining(`${status}`),
  });
  expect(result).toMatchObject({ reason: expect.stringContaining('`npm audit` of npm ') });
});

test('a registry that answers with something else is no success', async () => {
  await using of = await prepare((registry) => ({
    'app/package.json': dependsOnBad(),
    'app/package-lock.json': registry.npmLock(),
  }));
  of.registry.audits = { kind: 'garbage' };
  expect(await of.audit()).toMatchObject({ outcome: 'skipped' });
});

test('a registry that cannot be reached is no success, and no password is told', async () => {
  await using of = await prepare((registry) => ({
    'app/package.json': dependsOnBad(),
    'app/package-lock.json': registry.npmLock(),
  }));
  const result = await of.audit(of.open({ registry: 'http://user:hunter2@127.0.0.1:1/' }));
  expect(result).toMatchObject({
    outcome: 'skipped',
    reason: expect.stringContaining('had no answer'),
  });
  expect(JSON.stringify(result)).not.toContain('hunter2');
});

test('an audit that takes too long is given up', async () => {
  await using of = await prepare((registry) => ({
    'app/package.json': dependsOnBad(),
    'app/package-lock.json': registry.npmLock(),
  }));
  of.registry.audits = { kind: 'silence' };
  const limits = { installTimeoutMs: 60_000, buildTimeoutMs: 60_000, auditTimeoutMs: 1_000 };
  expect(await of.audit(of.open({ limits }))).toMatchObject({
    outcome: 'skipped',
    reason: expect.stringMatching(/`npm audit` of npm \S+ had no answer after 1 s\./),
  });
});

test('an audit ends with the one who asked for it', async () => {
  await using of = await prepare((registry) => ({
    'app/package.json': dependsOnBad(),
    'app/package-lock.json': registry.npmLock(),
  }));
  of.registry.audits = { kind: 'silence' };
  const abort = new AbortController();
  const auditing = expect(of.audit(of.builder, abort)).rejects.toThrow('enough');
  await expect.poll(() => of.registry.requests.length, { timeout: 60_000 }).toBe(1);
  abort.abort(new Error('enough'));
  await auditing;
});

test.each([
  ['package-lock=false\n', 'no lockfile'],
  ['offline=true\n', 'no network'],
  ['omit[]=optional\naudit=false\n', 'no audits'],
])("an application's own npm settings (%j) do not make an empty success", async (npmrc) => {
  await using of = await prepare((registry) => ({
    'app/package.json': dependsOnBad(),
    'app/package-lock.json': registry.npmLock(),
    'app/.npmrc': npmrc,
  }));
  of.registry.audits = { kind: 'advisory', severity: 'high' };
  expect(await of.audit()).toMatchObject({ outcome: 'checked', vulnerabilities: [bad] });
});

test('a lockfile that holds nothing of package.json is no success', async () => {
  await using of = await prepare(() => ({
    'app/package.json': dependsOnBad(),
    'app/package-lock.json': JSON.stringify({ lockfileVersion: 3, packages: { '': {} } }),
  }));
  expect(await of.audit()).toMatchObject({
    outcome: 'skipped',
    reason: expect.stringContaining('found none of the declared packages'),
  });
});

test('applications with the same lockfile are asked about once', async () => {
  await using of = await prepare((registry) => ({
    'app/package.json': dependsOnBad(),
    'app/package-lock.json': registry.npmLock('app'),
    'other/package.json': dependsOnBad({ name: 'other' }),
    'other/package-lock.json': registry.npmLock('other'),
    'site/public/index.html': '',
  }));
  const repository = await of.pin();
  const { signal } = new AbortController();
  const audits = await of.builder.audit(
    { repository, applications: ['app', 'site', 'other'] },
    { signal },
  );
  expect(audits).toMatchObject([
    { applications: ['app', 'other'], result: { outcome: 'checked', packages: 1 } },
    { applications: ['site'], result: { outcome: 'checked', packages: 0 } },
  ]);
  expect(of.registry.requests.map(({ line }) => line)).toEqual([bulkAudit]);
});

test('what the registry has said of a lockfile just now is not asked again, what it has not said is', async () => {
  await using of = await prepare((registry) => ({
    'app/package.json': dependsOnBad(),
    'app/package-lock.json': registry.npmLock(),
  }));
  const { audits } = of.registry;
  of.registry.audits = { kind: 'status', status: 503 };
  expect(await of.audit()).toMatchObject({ outcome: 'skipped' });
  of.registry.audits = audits;
  const before = of.registry.requests.length;
  const first = await of.audit();
  expect(first).toMatchObject({ outcome: 'checked', packages: 1 });
  expect(await of.audit()).toEqual(first);
  expect(of.registry.requests.slice(before).map(({ line }) => line)).toEqual([bulkAudit]);
});

test('of an application with a folder beside it the registry is asked each time', async () => {
  await using of = await prepare((registry) => {
    const dependencies = { bad: '^1.0.0', local: 'file:../local' };
    return {
      'app/package.json': dependsOnBad({ dependencies }),
      'app/package-lock.json': registry.npmLock(),
      'local/package.json': JSON.stringify({ name: 'local', version: '1.0.0' }),
    };
  });
  await of.audit();
  await of.audit();
  expect(of.registry.requests.map(({ line }) => line)).toEqual([bulkAudit, bulkAudit]);
});

async function prepare(files: (registry: FakeRegistry) => TestFiles) {
  const cleanup = new AsyncDisposableStack();
  const registry = cleanup.use(await startFakeRegistry());
  const place = cleanup.use(await prepareNodeBuilderPlace(tools, { registry: registry.url }));
  const repository = cleanup.use(await createRepository({ files: files(registry), tag: 'v1' }));
  const { open } = place;
  const builder = open();
  const pin = () => place.pin(repository, 'v1');
  const audit = async (by = builder, { signal } = new AbortController()): Promise<AuditResult> => {
    const [first] = await by.audit({ repository: await pin(), applications: ['app'] }, { signal });
    if (first === undefined) throw new Error('Nothing was audited.');
    return first.result;
  };
  const dispose = () => cleanup.disposeAsync();
  return { registry, builder, open, pin, audit, [Symbol.asyncDispose]: dispose };
}

/** The registry as `https://registry.yarnpkg.com`, which Yarn 1 asks whatever it is told: behind a proxy. */
async function startAsYarnpkg({ url }: FakeRegistry) {
  const folder = await makeTempFolder();
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  await promisify(execFile)('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-keyout', key, '-out', cert, '-subj', '/CN=registry.yarnpkg.com'],
    ...['-addext', 'subjectAltName=DNS:registry.yarnpkg.com'],
  ]);
  const front = createTlsServer({ key: await readFile(key), cert: await readFile(cert) });
  front.on('request', (request, response) => {
    const { method, headers } = request;
    const onward = httpRequest(`${url}${request.url}`, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  const proxy = createHttpServer();
  proxy.on('connect', (_, client) => {
    const { port } = front.address() as AddressInfo;
    const onward = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.pipe(client).pipe(onward);
    });
    for (const socket of [client, onward]) socket.on('error', () => onward.destroy());
  });
  for (const server of [front, proxy]) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  }
  return {
    environment: {
      HTTPS_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
      https_proxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
      npm_config_cafile: cert,
    },
    async [Symbol.asyncDispose]() {
      front.closeAllConnections();
      proxy.closeAllConnections();
      front.close();
      proxy.close();
    },
  };
}
