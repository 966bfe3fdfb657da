import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';

/** An npm registry on loopback with one package, `bad`: 1.0.0 has what it is told to have, 1.0.1 has not. */
export interface FakeRegistry extends AsyncDisposable {
  readonly url: string;
  /** What it was asked, oldest first: `POST /-/npm/v1/security/advisories/bulk`. */
  readonly requests: readonly { readonly line: string; readonly body: string }[];
  /** How it answers audits from now on. */
  audits: AuditAnswer;
  /** Of a project that depends on `bad` 1.0.0. */
  npmLock(name?: string): string;
  pnpmLock(): string;
  yarnLock(): string;
}

export type AuditAnswer =
  | { readonly kind: 'advisory'; readonly severity: string; readonly range?: string }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'garbage' }
  | { readonly kind: 'silence' };

export const bulkAudit = 'POST /-/npm/v1/security/advisories/bulk';
const versions = ['1.0.0', '1.0.1'];

export async function startFakeRegistry(): Promise<FakeRegistry> {
  const archives = await packAll();
  const requests: { line: string; body: string }[] = [];
  const server = createServer(async (request, response) => {
    const body = await textOf(request);
    requests.push({ line: `${request.method} ${request.url}`, body });
    const { audits } = registry;
    const send = (status: number, content: unknown) => {
      const type = { 'content-type': 'application/json' };
      response.writeHead(status, type).end(JSON.stringify(content));
    };
    const path = request.url ?? '';
    const archive = archives.get(/bad-(.*)\.tgz$/.exec(path)?.[1] ?? '');
    if (archive !== undefined) response.writeHead(200).end(archive.bytes);
    else if (path === '/bad') send(200, packument(registry.url, archives));
    else if (!path.includes('/security/')) send(404, { error: 'Not found' });
    else if (audits.kind === 'status') send(audits.status, { error: 'No such thing.' });
    else if (audits.kind === 'garbage') response.writeHead(200).end('<html>Welcome!</html>');
    else if (audits.kind !== 'silence') {
      send(200, path.endsWith('/bulk') ? bulkAnswer(audits) : legacyAnswer(audits));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const registry: FakeRegistry = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    audits: { kind: 'nothing' },
    npmLock: (name = 'app') =>
      JSON.stringify({
        name,
        version: '1.0.0',
        lockfileVersion: 3,
        requires: true,
        packages: {
          '': { name, version: '1.0.0', dependencies: { bad: '^1.0.0' } },
          'node_modules/bad': { version: '1.0.0', ...resolution(registry.url, archives) },
        },
      }),
    pnpmLock: () => `lockfileVersion: '9.0'
settings:
  autoInstallPeers: true
  excludeLinksFromLockfile: false
importers:
  .:
    dependencies:
      bad:
        specifier: ^1.0.0
        version: 1.0.0
packages:
  bad@1.0.0:
    resolution: {integrity: ${archives.get('1.0.0')?.integrity}}
snapshots:
  bad@1.0.0: {}
`,
    yarnLock: () => `# yarn lockfile v1


bad@^1.0.0:
  version "1.0.0"
  resolved "${resolution(registry.url, archives).resolved}"
  integrity ${archives.get('1.0.0')?.integrity}
`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return registry;
}

interface Archive {
  readonly bytes: Buffer;
  readonly integrity: string;
}

type Archives = ReadonlyMap<string, Archive>;

async function packAll(): Promise<Archives> {
  const directory = await mkdtemp(join(tmpdir(), 'berth-registry-'));
  try {
    const packed = versions.map(async (version) => {
      const folder = join(directory, version, 'package');
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'bad', version }));
      await writeFile(join(folder, 'index.js'), `module.exports = '${version}'`);
      const file = join(directory, `${version}.tgz`);
      await promisify(execFile)('tar', ['-czf', file, '-C', join(directory, version), 'package']);
      const bytes = await readFile(file);
      const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
      return [version, { bytes, integrity }] as const;
    });
    return new Map(await Promise.all(packed));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function packument(url: string, archives: Archives) {
  const described = versions.map((version) => {
    const dist = {
      tarball: `${url}/bad/-/bad-${version}.tgz`,
      integrity: archives.get(version)?.integrity,
    };
    return [version, { name: 'bad', version, dist }] as const;
  });
  const versionsByName = Object.fromEntries(described);
  return { name: 'bad', 'dist-tags': { latest: '1.0.1' }, versions: versionsByName };
}

function resolution(url: string, archives: Archives) {
  return {
    resolved: `${url}/bad/-/bad-1.0.0.tgz`,
    integrity: archives.get('1.0.0')?.integrity,
  };
}

/** What npm 7 and later ask for. */
function bulkAnswer(audits: AuditAnswer) {
  if (audits.kind !== 'advisory') return {};
  const { severity, range = '<1.0.1' } = audits;
  const url = 'https://github.com/advisories/GHSA-test';
  // npm keeps what it knows of an advisory, in a cache that Berths share.
  const id = Number.parseInt(
    createHash('sha256').update(`${severity} ${range}`).digest('hex').slice(0, 8),
    16,
  );
  return {
    bad: [{ id, url, title: 'Bad things', severity, vulnerable_versions: range, cwe: [] }],
  };
}

/** What Yarn 1 and older others ask for. */
function legacyAnswer(audits: AuditAnswer) {
  const found = audits.kind === 'advisory';
  const severity = found ? audits.severity : 'high';
  const advisory = {
    id: 1,
    findings: [{ version: '1.0.0', paths: ['bad'] }],
    module_name: 'bad',
    title: 'Bad things',
    severity,
    vulnerable_versions: '<1.0.1',
    patched_versions: '>=1.0.1',
    url: 'https://github.com/advisories/GHSA-test',
  };
  const resolves = [{ id: 1, path: 'bad', dev: false, optional: false, bundled: false }];
  return {
    actions: found ? [{ action: 'update', module: 'bad', target: '1.0.1', resolves }] : [],
    advisories: found ? { 1: advisory } : {},
    muted: [],
    metadata: {
      vulnerabilities: { info: 0, low: 0, moderate: 0, high: 0, critical: 0, [severity]: 1 },
      dependencies: 1,
      devDependencies: 0,
      optionalDependencies: 0,
      totalDependencies: 1,
    },
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const bytes = await buffer(request);
  return (request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString();
}
