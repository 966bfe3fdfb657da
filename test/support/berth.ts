import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import type { Store } from '../../src/ports/store.ts';
import { pickPorts } from './kept-plane.ts';
import { passedSettings } from './passed-settings.ts';
import { makeRecordsPlace, type RecordsPlace } from './records-place.ts';

const program = join(import.meta.dirname, '../../src/cli/berth.ts');
/** Package managers and packages are fetched once for all tests. */
const toolDirectory = join(tmpdir(), 'berth-test-tools');

/** A whole Berth, as people start it: two processes, real files, ports of its own. */
export interface Berth extends AsyncDisposable {
  readonly api: string;
  readonly gateway: string;
  readonly projectKey: string;
  readonly client: { readonly id: string; readonly secret: string };
  readonly dataDirectory: string;
  /** Everything it wrote to stdout and stderr, by line. */
  readonly output: readonly string[];
  /** Sends a request with the bootstrap client's token, or with `token`; null sends none. */
  request(method: string, path: string, body?: unknown, token?: string | null): Promise<Answer>;
  token(client?: { readonly id: string; readonly secret: string }): Promise<string>;
  /** Its records, beside it. */
  openStore(): Promise<Store>;
  /** As they are written where the store keeps them. */
  readRecords(): Promise<Buffer>;
  pidOf(process: 'control' | 'data' | 'supervisor'): number;
  /** kill -9. The supervisor starts a plane again; resolves at once. */
  kill(process: 'control' | 'data' | 'supervisor'): Promise<void>;
  /** SIGTERM to the supervisor; resolves when everything has ended. The data directory stays until disposal. */
  stop(): Promise<void>;
  /** Starts it again on the same data directory and ports; `environment` counts for this start only. */
  start(environment?: Readonly<Record<string, string>>): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // Tests look into answers of every shape.
  // biome-ignore lint/suspicious/noExplicitAny: an answer is whatever the server sent
  readonly body: any;
}

export async function startBerth(
  options: {
    readonly environment?: Readonly<Record<string, string>>;
    readonly projectKey?: string;
    /** Where its data directory is made. */
    readonly parent?: string;
  } = {},
): Promise<Berth> {
  const dataDirectory = await mkdtemp(join(options.parent ?? tmpdir(), 'berth-data-'));
  await mkdir(toolDirectory, { recursive: true });
  const berth = new RunningBerth(
    dataDirectory,
    await makeRecordsPlace(join(dataDirectory, 'berth.db')),
    options.projectKey ?? 'test-project',
    options.environment ?? {},
  );
  try {
    await berth.start();
  } catch (error) {
    await berth[Symbol.asyncDispose]();
    throw error;
  }
  return berth;
}

interface Running extends PromiseLike<unknown> {
  readonly pid?: number | undefined;
  kill(signal: 'SIGTERM'): boolean;
}

class RunningBerth implements Berth {
  readonly dataDirectory: string;
  readonly projectKey: string;
  readonly client = { id: 'test-client', secret: 'test-secret-with-some-length' };
  readonly output: string[] = [];
  readonly #records: RecordsPlace;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #ports = pickPorts();
  #child: Running | undefined;
  #urls = { api: '', gateway: '' };
  #token: string | undefined;

  constructor(
    dataDirectory: string,
    records: RecordsPlace,
    projectKey: string,
    environment: Readonly<Record<string, string>>,
  ) {
    this.dataDirectory = dataDirectory;
    this.#records = records;
    this.projectKey = projectKey;
    this.#environment = environment;
  }

  get api(): string {
    return this.#urls.api;
  }

  get gateway(): string {
    return this.#urls.gateway;
  }

  async start(environment: Readonly<Record<string, string>> = {}): Promise<void> {
    const child = execa(process.execPath, [program, 'serve'], {
      extendEnv: false,
      env: {
        ...passedSettings(),
        PATH: process.env['PATH'] ?? '',
        HOME: process.env['HOME'] ?? '',
        BERTH_DATA_DIR: this.dataDirectory,
        BERTH_PORT: portOf(this.#urls.api),
        BERTH_GATEWAY_PORT: portOf(this.#urls.gateway),
        BERTH_TOOLS_DIR: toolDirectory,
        BERTH_BOOTSTRAP_PROJECT_KEY: this.projectKey,
        BERTH_BOOTSTRAP_CLIENT_ID: this.client.id,
        BERTH_BOOTSTRAP_CLIENT_SECRET: this.client.secret,
        BERTH_DRAIN_SECONDS: '5',
        BERTH_APPS_PORTS: this.#ports,
        // Tests look into their connectors through files of this machine. Those of the sandbox ask for it.
        BERTH_SANDBOX: 'off',
        ...this.#records.settings,
        ...this.#environment,
        ...environment,
      },
      buffer: false,
      reject: false,
      stdin: 'ignore',
      // Killing the supervisor would leave the planes to find out by themselves.
      forceKillAfterDelay: false,
    });
    this.#child = child;
    const ready = Promise.withResolvers<{ api: string; gateway: string }>();
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        this.output.push(line);
        const found = /^Berth is ready: API (\S+), gateway (\S+)$/.exec(line);
        if (found?.[1] !== undefined && found[2] !== undefined)
          ready.resolve({ api: found[1], gateway: found[2] });
      });
    }
    void child.then(() =>
      ready.reject(new Error(`Berth ended before it was ready:\n${this.output.join('\n')}`)),
    );
    this.#urls = await ready.promise;
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    child?.kill('SIGTERM');
    await child;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.#records[Symbol.asyncDispose]();
    await rm(this.dataDirectory, { recursive: true, force: true, maxRetries: 5 });
  }

  openStore(): Promise<Store> {
    return this.#records.open();
  }

  readRecords(): Promise<Buffer> {
    return this.#records.readAll();
  }

  pidOf(name: 'control' | 'data' | 'supervisor'): number {
    if (name === 'supervisor') {
      const pid = this.#child?.pid;
      if (pid === undefined) throw new Error('Berth is not running');
      return pid;
    }
    const line = this.output.findLast(
      (one) => one.includes(`"plane":"${name}"`) && one.includes('"msg":"ready"'),
    );
    if (line === undefined) throw new Error(`The ${name} plane is not ready yet`);
    return (JSON.parse(line) as { pid: number }).pid;
  }

  async kill(name: 'control' | 'data' | 'supervisor'): Promise<void> {
    process.kill(this.pidOf(name), 'SIGKILL');
  }

  async token(client = this.client): Promise<string> {
    const response = await fetch(`${this.api}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${client.id}:${client.secret}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
    if (!response.ok) throw new Error(`No token: ${response.status} ${await response.text()}`);
    return ((await response.json()) as { access_token: string }).access_token;
  }

  async #ownToken(): Promise<string> {
    this.#token ??= await this.token();
    return this.#token;
  }

  async request(
    method: string,
    path: string,
    body?: unknown,
    token?: string | null,
  ): Promise<Answer> {
    const bearer = token === undefined ? await this.#ownToken() : token;
    const response = await fetch(`${this.api}${path}`, {
      method,
      headers: {
        ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: parseJson(text) };
  }
}

function portOf(url: string): string {
  return url === '' ? '0' : new URL(url).port;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
