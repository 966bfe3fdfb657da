import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { makeTempFolder } from '../../support/temp-folder.ts';

const preload = new URL(
  '../../../src/drivers/runtime/process/preload/own-port.cjs',
  import.meta.url,
);

/** Listens on 8080 with room for one, which is a socket here, and takes no connection until it is told. */
const program = `
const [preload, path] = process.argv.slice(1);
require(preload).mapOwnPort({ path }, path + '.ports');
const { readSync } = require('node:fs');
require('node:net').createServer((socket) => socket.end('hello')).listen(8080, 1, () => {
  process.send('up', () => readSync(0, Buffer.alloc(1)));
});
`;

test('those who knock at a busy socket wait, as they would at a port, however few an application lets wait', async () => {
  const path = join(await makeTempFolder(), 'own.sock');
  const child = fork('-e', [program, fileURLToPath(preload), path], {
    execArgv: [],
    stdio: ['pipe', 'inherit', 'inherit', 'ipc'],
  });
  onTestFinished(() => void child.kill());
  await once(child, 'message');
  const answers = Array.from({ length: 100 }, async () => {
    const [data] = await once(connect(path), 'data');
    return String(data);
  });
  child.stdin?.write('x');
  expect(await Promise.all(answers)).toEqual(Array(100).fill('hello'));
});
