import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { leaveProgram } from '../../../../src/drivers/runtime/process/preload.ts';
import { canWait } from '../../../../src/drivers/runtime/process/wait-for-leave.ts';
import { makeTempFolder } from '../../../support/temp-folder.ts';

const leaveAt = 3;

test.for([
  { name: 'goes on with a byte', told: 'g', ended: { stdout: 'begun', exitCode: 0 } },
  // As where Berth is gone.
  { name: 'never begins without one', told: '', ended: { stdout: '', signal: 'SIGKILL' } },
])('Node that waits for leave $name', async ({ told, ended }) => {
  const directory = await makeTempFolder();
  const leave = join(directory, 'leave.cjs');
  await writeFile(leave, leaveProgram({ leaveAt, directory }));
  const waiting = execa(
    process.execPath,
    ['--require', leave, '-e', 'process.stdout.write("begun")'],
    { stdio: ['ignore', 'pipe', 'inherit', 'pipe'], reject: false },
  );
  const pipe = waiting.nodeChildProcess.stdio[leaveAt] as NodeJS.WritableStream;
  pipe.end(told);
  expect(await waiting).toMatchObject(ended);
});

test.for([
  { environment: {}, waits: true },
  { environment: { NODE_ENV: 'production', NODEMAILER_HOST: 'x' }, waits: true },
  { environment: { NODE_OPTIONS: '--require ./tracing.js' }, waits: false },
  { environment: { NODE_EXTRA_CA_CERTS: './ca.pem' }, waits: false },
  { environment: { OPENSSL_CONF: './openssl.cnf' }, waits: false },
  { environment: { SSL_CERT_DIR: './certs' }, waits: false },
  { args: ['--require', './tracing.js', 'server.js'], waits: false },
  { args: ['inspect', 'server.js'], waits: false },
  { args: [], waits: false },
  { file: '/bin/sh', waits: false },
])('what is started with $file $args $environment waits itself: $waits', (given) => {
  const { file = '/node', args = ['server.js', '--port'], environment = {}, waits } = given;
  const mayBegin = () => Promise.resolve();
  const spec = { environment, nodeExecutable: '/node', command: { file, args } };
  expect(canWait({ ...spec, mayBegin })).toBe(waits);
  expect(canWait(spec)).toBe(false);
});
