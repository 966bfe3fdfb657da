import { chown, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { execa } from 'execa';
import { Client } from 'pg';
import type { TestProject } from 'vitest/node';
import { openPostgresStore } from '../../src/drivers/store/postgres/open-postgres-store.ts';
import { createDatabase } from './create-database.ts';
import { templateDatabase } from './records-place.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Of the database `postgres`, whose user may make others. */
    readonly postgresUrl: string;
  }
}

/** Vitest calls it once for a run of the tests: a server on loopback that writes to the disk as in operation, with a template for databases. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await using stack = new AsyncDisposableStack();
  const { url } = stack.use(await startPostgres());
  const template = await createDatabase(url, { name: templateDatabase });
  await (await openPostgresStore({ url: template.url }))[Symbol.asyncDispose]();
  project.provide('postgresUrl', url);
  const opened = stack.move();
  return () => opened.disposeAsync();
}

export interface PostgresServer extends AsyncDisposable {
  readonly url: string;
  /** Ends it as an operator would who cannot wait: connections are cut. */
  stop(): Promise<void>;
  /** On the same port, with the same databases. */
  start(): Promise<void>;
}

export async function startPostgres(): Promise<PostgresServer> {
  const programs = await findPrograms();
  const folder = await mkdtemp(join(tmpdir(), 'berth-postgres-'));
  const user = await unprivilegedUser();
  if ('uid' in user) await chown(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  const run = (program: string, args: readonly string[]) =>
    execa(join(programs, program), args, { ...user, cwd: folder });
  const remove = () => rm(folder, { recursive: true, force: true });
  const port = await freePort();
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  let server: ReturnType<typeof run> | undefined;
  const stop = async (): Promise<void> => {
    const running = server;
    server = undefined;
    // Its "fast" shutdown.
    running?.kill('SIGINT');
    await running?.catch(() => {});
  };
  const start = async (): Promise<void> => {
    const bounds = ['-c', 'max_connections=200', '-c', `unix_socket_directories=${folder}`];
    server = run('postgres', ['-D', data, '-p', String(port), '-h', '127.0.0.1', ...bounds]);
    server.catch(() => {});
    await waitUntilReady(url);
  };
  try {
    await run('initdb', ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8']);
    await start();
  } catch (error) {
    await stop();
    await remove();
    throw error;
  }
  return {
    url,
    stop,
    start,
    async [Symbol.asyncDispose]() {
      await stop();
      await remove();
    },
  };
}

async function findPrograms(): Promise<string> {
  const versions = '/usr/lib/postgresql';
  const found = (await readdir(versions).catch(() => [])).toSorted((a, b) => Number(b) - Number(a));
  for (const version of found) {
    const programs = join(versions, version, 'bin');
    if (await stat(join(programs, 'initdb')).catch(() => undefined)) return programs;
  }
  throw new Error(
    `These tests start a PostgreSQL server, and there is none in ${versions}. On Debian and Ubuntu: apt-get install postgresql`,
  );
}

/** The server refuses to run as root. */
async function unprivilegedUser(): Promise<{ uid: number; gid: number } | object> {
  if (process.getuid?.() !== 0) return {};
  const idOf = async (kind: string) => Number((await execa('id', [kind, 'nobody'])).stdout);
  return { uid: await idOf('-u'), gid: await idOf('-g') };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function waitUntilReady(url: string): Promise<void> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    const client = new Client({ connectionString: url });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await wait(50);
    }
  }
}
