import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { planeSettings } from '../support/kept-plane.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const program = join(import.meta.dirname, '../../src/cli/berth.ts');

test.for([
  { plane: 'control', variable: 'BERTH_PORT' },
  { plane: 'data', variable: 'BERTH_GATEWAY_PORT' },
])('a $plane plane whose port is taken ends, and says what to do', async ({ plane, variable }) => {
  const taken = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void taken.close());
  await once(taken, 'listening');
  const address = taken.address();
  const port = String(typeof address === 'object' ? address?.port : address);

  const ended = await execa(process.execPath, [program, 'serve', '--plane', plane], {
    env: {
      ...planeSettings({
        dataDirectory: join(await makeTempFolder(), 'data'),
        projectKey: 'project',
        client: { id: 'client', secret: 'a-secret-of-the-client' },
      }),
      [variable]: port,
    },
    extendEnv: false,
    reject: false,
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  expect(ended).toMatchObject({ exitCode: 1, timedOut: false });
  expect(ended.stderr).toContain(`berth: Port ${port} is in use.`);
  expect(ended.stderr).toContain(`set ${variable} to another port`);
});
