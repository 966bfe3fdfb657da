import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { preloadProgram } from '../../../../src/drivers/runtime/process/preload.ts';
import { isOpen, programs, readAnswer } from '../../../support/instance.ts';
import { makeTempFolder } from '../../../support/temp-folder.ts';

interface Started {
  readonly pid: number;
  readonly lines: string[];
  readonly ended: Promise<unknown>;
  kill(signal: 'SIGKILL' | 'SIGTERM'): void;
}

/** Starts programs whose 8080 is one and the same socket, each with the preload as an instance has it, in `cwd` or beside the socket. */
async function makePlace(cwd?: string) {
  const folder = await makeTempFolder();
  const socketPath = join(folder, 'own.sock');
  const main = join(folder, 'main.cjs');
  const nodeOptions = `--require ${main}`;
  await writeFile(
    main,
    preloadProgram({
      ...{ nodeOptions, place: { path: socketPath } },
      ...{ portsFile: join(folder, 'ports'), platformRedirect: undefined },
    }),
  );
  const start = (program: string, ...args: readonly string[]): Started => {
    const lines: string[] = [];
    const child = execa(process.execPath, [join(programs, program), ...args], {
      cwd: cwd ?? folder,
      env: { NAME: 'socket', NODE_OPTIONS: nodeOptions },
      extendEnv: false,
      buffer: false,
      reject: false,
      all: true,
    });
    child.all?.setEncoding('utf8').on('data', (text: string) => {
      lines.push(...text.split('\n').filter((line) => line !== ''));
    });
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await child;
    });
    return { pid: child.pid ?? 0, lines, ended: child, kill: (signal) => void child.kill(signal) };
  };
  return { address: { socketPath }, start };
}

const { poll } = expect;

test.for(['number', 'text', 'host', 'options', 'http2', 'https', 'net'])(
  'a listen on 8080 written as %s is a listen on the socket',
  async (form) => {
    const { address, start } = await makePlace();
    const program = start('listens.cjs', form);
    await poll(() => program.lines).toEqual(['listening on 8080']);
    expect(await isOpen(address)).toBe(true);
  },
);

test('a second listen fails as it does on a port', async () => {
  const { start } = await makePlace();
  const program = start('listens-twice.cjs');
  await poll(() => program.lines).toEqual([
    'EADDRINUSE 8080 listen EADDRINUSE: address already in use 127.0.0.1:8080',
  ]);
});

test('another process that runs keeps the socket', async () => {
  const { start } = await makePlace();
  const first = start('http-8080.cjs');
  await poll(() => first.lines).toEqual(['listening on 8080']);
  const second = start('http-8080.cjs');
  await poll(() => second.lines.join('\n')).toContain('EADDRINUSE');
});

test.for(['SIGKILL', 'SIGTERM'] as const)(
  'a program that is started again after %s has it',
  async (signal) => {
    const { address, start } = await makePlace();
    const first = start('http-8080.cjs');
    await poll(() => first.lines).toEqual(['listening on 8080']);
    first.kill(signal);
    await first.ended;
    const second = start('http-8080.cjs');
    await poll(() => second.lines).toEqual(['listening on 8080']);
    expect(JSON.parse(await readAnswer(address))).toMatchObject({ pid: second.pid });
  },
);

test.for([
  ['far from it', '/'],
  ['beside it', undefined],
] as const)(
  'the workers of a cluster %s share it, also when the cluster is started again',
  async ([, cwd]) => {
    const { address, start } = await makePlace(cwd);
    for (let round = 0; round < 2; round++) {
      const primary = start('cluster.cjs');
      await poll(() => primary.lines).toEqual(Array(2).fill('worker listens on 8080'));
      const answers = await Promise.all(Array.from({ length: 20 }, () => readAnswer(address)));
      expect(new Set(answers).size).toBe(2);
      primary.kill('SIGKILL');
      await primary.ended;
    }
  },
);

test('its caller looks like one on loopback', async () => {
  const { address, start } = await makePlace();
  start('says-caller.cjs');
  await poll(() => isOpen(address)).toBe(true);
  expect(JSON.parse(await readAnswer(address))).toEqual({
    remoteAddress: '127.0.0.1',
    remoteFamily: 'IPv4',
    remotePort: 0,
    localAddress: '127.0.0.1',
    localPort: 8080,
  });
});

test('a program reaches itself on 8080 in every way', async () => {
  const { address, start } = await makePlace();
  start('self-caller.mjs');
  await poll(() => isOpen(address)).toBe(true);
  const heard = Object.values(JSON.parse(await readAnswer(address)) as object);
  expect(new Set(heard)).toEqual(new Set(['pong of socket']));
});
