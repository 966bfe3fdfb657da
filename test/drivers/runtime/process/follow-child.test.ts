import { expect, test } from 'vitest';
import { followChild } from '../../../../src/drivers/runtime/process/follow-child.ts';
import { spawnGroup } from '../../../../src/drivers/sandbox/spawn-group.ts';
import { programs } from '../../../support/instance.ts';

test('the last output is waited for, but not for somebody who only holds the pipe', async () => {
  const lines: string[] = [];
  const leader = await spawnGroup(
    { file: '/bin/sh', args: ['-c', 'echo one; sleep 60 & printf two'] },
    { directory: programs, environment: { PATH: '/usr/bin:/bin' } },
  );
  const child = followChild(leader, (stream, text) => {
    lines.push(...text.split('\n').map((line) => `${stream} ${line}`));
    return undefined;
  });
  expect(await child.exit).toEqual({ code: 0, signal: null });
  await child.drain(100);
  expect(lines).toEqual(['stdout one', 'stdout two']);
  process.kill(-child.pid, 'SIGKILL');
});

test('a process that has ended before anybody followed it has an end all the same', async () => {
  const leader = await spawnGroup(
    { file: '/bin/sh', args: ['-c', 'exit 3'] },
    { directory: programs, environment: {} },
  );
  await new Promise((resolve) => leader.once('close', resolve));
  const child = followChild(leader, () => undefined);
  expect(await child.exit).toEqual({ code: 3, signal: null });
  await child.drain(60_000);
});

test('a program that is not there is told with its folder', async () => {
  const missing = spawnGroup(
    { file: '/no/such/program', args: [] },
    { directory: programs, environment: {} },
  );
  await expect(missing).rejects.toThrow(`Could not start /no/such/program in ${programs} (ENOENT)`);
});
