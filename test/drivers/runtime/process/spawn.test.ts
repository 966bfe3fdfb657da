import { expect, test } from 'vitest';
import { spawnGroup } from '../../../../src/drivers/runtime/process/spawn.ts';
import { programs } from '../../../support/instance.ts';

test('the last output is waited for, but not for somebody who only holds the pipe', async () => {
  const lines: string[] = [];
  const child = await spawnGroup(
    { file: '/bin/sh', args: ['-c', 'echo one; sleep 60 & printf two'] },
    { directory: programs, environment: { PATH: '/usr/bin:/bin' } },
    (stream, line) => lines.push(`${stream} ${line}`),
  );
  expect(await child.exit).toEqual({ code: 0, signal: null });
  await child.drain(100);
  expect(lines).toEqual(['stdout one', 'stdout two']);
  process.kill(-child.pid, 'SIGKILL');
});

test('a program that is not there is told with its folder', async () => {
  const missing = spawnGroup(
    { file: '/no/such/program', args: [] },
    { directory: programs, environment: {} },
    () => undefined,
  );
  await expect(missing).rejects.toThrow(`Could not start /no/such/program in ${programs} (ENOENT)`);
});
