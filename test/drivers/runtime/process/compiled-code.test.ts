import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { openCompiledCode } from '../../../../src/drivers/runtime/process/compiled-code.ts';
import { makeTempFolder } from '../../../support/temp-folder.ts';

/** Sends to the socket and waits until whoever listens has taken it, or has hung up. */
async function send(socketPath: string, bytes: Buffer): Promise<void> {
  const socket = connect(socketPath);
  socket.on('error', () => undefined).end(bytes);
  socket.resume();
  await new Promise((resolve) => socket.once('close', resolve));
}

async function openReceiving() {
  const folder = await makeTempFolder();
  const code = openCompiledCode(join(folder, 'compiled'));
  const socketPath = join(folder, 'socket');
  return { code, socketPath, receiving: await code.receive('name', socketPath) };
}

const stored = async (code: ReturnType<typeof openCompiledCode>) => {
  const file = await code.find('name');
  return file === undefined ? undefined : await readFile(file, 'utf8');
};

test('the first that comes is kept, and nobody is heard after it', async () => {
  const { code, socketPath, receiving } = await openReceiving();
  expect(await stored(code)).toBeUndefined();
  await send(socketPath, Buffer.from('first'));
  await expect.poll(() => stored(code)).toBe('first');
  await send(socketPath, Buffer.from('second'));
  expect(await stored(code)).toBe('first');
  await receiving[Symbol.asyncDispose]();
});

test('nothing, and more than a start could need, is not kept', async () => {
  const { code, socketPath, receiving } = await openReceiving();
  await send(socketPath, Buffer.alloc(0));
  await send(socketPath, Buffer.alloc(40 * 1024 * 1024));
  expect(await stored(code)).toBeUndefined();
  await send(socketPath, Buffer.from('right'));
  await expect.poll(() => stored(code)).toBe('right');
  await receiving[Symbol.asyncDispose]();
});

const preload = fileURLToPath(
  new URL('../../../../src/drivers/runtime/process/preload', import.meta.url),
);

test.for([
  ['nothing', ''],
  ['something else', 'no pack at all, but long enough to have a length'],
  ['a path that leads out', packOf('../../out')],
  ['less than it says', packOf('v24/1').subarray(0, 12)],
] as const)('a program starts with %s in the place of what was kept', async ([, content]) => {
  const folder = await makeTempFolder();
  const temporary = join(folder, 'tmp');
  await mkdir(temporary);
  await cp(preload, join(folder, 'preload'), { recursive: true });
  await writeFile(join(folder, 'stored'), content);
  await writeFile(
    join(folder, 'preload', 'config.json'),
    JSON.stringify({
      nodeOptions: '',
      compiled: { stored: join(folder, 'stored'), socket: join(folder, 'nobody') },
    }),
  );
  const args = ['--require', join(folder, 'preload', 'main.cjs'), '-e', 'console.log("started")'];
  const { stdout } = await execa(process.execPath, args, { env: { TMPDIR: temporary } });
  expect(stdout).toBe('started');
  await expect(readFile(join(folder, 'out'))).rejects.toThrow('ENOENT');
});

function packOf(name: string): Buffer {
  const head = Buffer.from(JSON.stringify([[name, 4]]));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(head.length);
  return Buffer.concat([length, head, Buffer.from('body')]);
}
