import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { describe, expect, onTestFinished, test } from 'vitest';
import { makeTempFolder } from '../support/temp-folder.ts';

describe('berth quickstart', { timeout: 120_000 }, () => {
  test('deploys the example, shows each step, and does it again on the same data', async () => {
    const environment = await makeEnvironment({ BERTH_PORT: String(await takenPort()) });

    const first = startQuickstart(['--exit', '--json'], environment);
    expect(await first.ended, first.errors()).toBe(0);
    expect(first.steps().slice(0, 3)).toEqual([
      `Port ${environment['BERTH_PORT']} is in use`,
      'Repository made of examples/hello-connector, tag v1.0.0',
      'Starting Berth',
    ]);
    expect(first.steps()).toEqual(
      expect.arrayContaining(['Application built', 'Traffic switched', 'Deployment finished']),
    );
    const last = first.objects().at(-1);
    expect(last).toMatchObject({ ready: true, urls: { service: expect.any(String) } });
    await expect(fetch(String(last?.urls?.['service']))).rejects.toThrow();

    const second = startQuickstart(['--json'], environment);
    const ready = await second.ready;
    expect(second.steps()).toContain('Repository found, tag v1.0.0: the example has not changed');
    expect(ready.urls).toMatchObject({ service: last?.urls?.['service'] });
    expect(await (await fetch(ready.urls['service'] ?? '')).json()).toMatchObject({
      greeting: 'Hello from Berth',
    });
    expect((await fetch(ready.urls['assets'] ?? '')).status).toBe(200);

    const answers: string[] = [];
    for (const { command } of ready.commands) answers.push(await paste(command));
    expect(ready.commands).toHaveLength(3);
    expect(answers[0]).toContain('Hello from Berth');
    expect(JSON.parse(answers[1] ?? '')).toEqual({ messageIds: [expect.any(String)] });
    const readLogs = ready.commands[2]?.command ?? '';
    await expect.poll(() => paste(readLogs), { timeout: 60_000 }).toContain('from curl');

    second.interrupt();
    expect(await second.ended, second.errors()).toBe(0);
    await expect(fetch(`${ready.urls['api']}/healthz`)).rejects.toThrow();
  });

  test('says what to do where git is missing, and fails', async () => {
    const environment = await makeEnvironment({ PATH: await makeTempFolder() });

    const run = startQuickstart([], environment);

    expect(await run.ended).toBe(1);
    expect(run.lines.join('\n')).toContain('there is none on the PATH');
    expect(run.lines.join('\n')).toContain('Install git (https://git-scm.com/downloads)');
  });
});

const program = join(import.meta.dirname, '../../src/cli/berth.ts');

interface Line {
  readonly step?: string;
  readonly ready?: boolean;
  readonly urls?: Readonly<Record<string, string>>;
  readonly commands?: readonly { readonly command: string }[];
}

async function makeEnvironment(
  more: Readonly<Record<string, string>>,
): Promise<Record<string, string | undefined>> {
  // Package managers are fetched once for all tests.
  const toolDirectory = join(tmpdir(), 'berth-test-tools');
  await mkdir(toolDirectory, { recursive: true });
  return {
    // All of it: the registry may be reachable only through a proxy that it names.
    ...withoutBerth(process.env),
    BERTH_DATA_DIR: join(await makeTempFolder(), 'data'),
    BERTH_TOOLS_DIR: toolDirectory,
    BERTH_PORT: '0',
    BERTH_GATEWAY_PORT: '0',
    ...more,
  };
}

function withoutBerth(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !name.startsWith('BERTH_')),
  );
}

function startQuickstart(args: readonly string[], env: NodeJS.ProcessEnv) {
  const child = execa(process.execPath, [program, 'quickstart', ...args], {
    env,
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
  });
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await child;
  });
  const lines: string[] = [];
  const objects = (): readonly Line[] => lines.map((line) => JSON.parse(line) as Line);
  const ready = Promise.withResolvers<Required<Pick<Line, 'urls' | 'commands'>>>();
  ready.promise.catch(() => {});
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    if (!line.startsWith('{"ready":true')) return;
    const { urls = {}, commands = [] } = JSON.parse(line) as Line;
    ready.resolve({ urls, commands });
  });
  const ended = child.then(({ exitCode, stderr }) => {
    ready.reject(new Error(`It ended before it was ready:\n${[...lines, stderr].join('\n')}`));
    return exitCode;
  });
  return {
    lines,
    objects,
    steps: () => objects().flatMap(({ step }) => step ?? []),
    errors: () => lines.join('\n'),
    ready: ready.promise,
    ended,
    interrupt: () => child.kill('SIGINT'),
  };
}

/** As a person would, in a shell. */
async function paste(command: string): Promise<string> {
  return (await execa('sh', ['-c', command], { timeout: 60_000 })).stdout;
}

async function takenPort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}
