import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { leaveProgram } from '../../../../src/drivers/runtime/process/preload.ts';
import { canWait } from '../../../../src/drivers/runtime/process/wait-for-leave.ts';
import { makeTempFolder } from '../../../support/temp-folder.ts';

const leaveAt = 3;

test.for([
  { name: 'goes on with a byte', told: 'g', ended: { stdout: 'begun', exitCode: 0 } },
  // As where all are gone who could send one.
  { name: 'never begins without one', told: '', ended: { stdout: '', signal: 'SIGKILL' } },
])('Node that waits for leave $name', async ({ told, ended }) => {
  const directory = await makeTempFolder();
  const leave = join(directory, 'leave.cjs');
  const option = `--require "${leave}"`;
  await writeFile(leave, leaveProgram({ leaveAt, directory, option }));
  const waiting = execa(process.execPath, ['-e', 'process.stdout.write("begun")'], {
    ...{ env: { NODE_OPTIONS: option }, extendEnv: false, reject: false },
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
  });
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
  { environment: { ICU_TIMEZONE_FILES_DIR: '.' }, waits: false },
  { args: ['--require', './tracing.js', 'server.js'], waits: false },
  { args: ['inspect', 'server.js'], waits: false },
  { args: [''], waits: false },
  { args: [], waits: false },
  { file: '/bin/sh', waits: false },
  { folder: 'linked', waits: false },
  { folder: 'missing', waits: false },
])(
  'what is started in $folder with $file $args $environment waits itself: $waits',
  async (given) => {
    const { file = '/node', args = ['server.js', '--port'], environment = {}, waits } = given;
    // The data directory may lie behind a link: inside there is none.
    const [kept, other] = await Promise.all([makeTempFolder(), makeTempFolder()]);
    await mkdir(join(kept, 'application'));
    await symlink('application', join(kept, 'linked'));
    const root = join(other, 'tree');
    await symlink(kept, root);
    const directory = join(root, given.folder ?? 'application');
    const command = { nodeExecutable: '/node', command: { file, args } };
    const spec = { environment, directory, root, ...command };
    expect(canWait({ ...spec, mayBegin: () => Promise.resolve() })).toBe(waits);
    expect(canWait(spec)).toBe(false);
  },
);
