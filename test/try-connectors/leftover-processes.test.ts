import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { endProcessesOf } from './leftover-processes.ts';

describe.runIf(process.platform === 'linux')('leftover processes', () => {
  test('ends what runs in the folder and names it, and nothing else', async () => {
    const directory = await mkdtemp(join(await realpath(tmpdir()), 'berth-leftover-'));
    const wait = ['-e', 'console.log("up"); setInterval(() => {}, 1000)'];
    const options = { reject: false, timeout: 20_000 } as const;
    const left = execa(process.execPath, wait, { ...options, cwd: directory });
    const other = execa(process.execPath, wait, { ...options, cwd: tmpdir() });
    await Promise.all(
      [left, other].map(({ stdout }) => new Promise((up) => stdout.once('data', up))),
    );

    const ended = await endProcessesOf(directory);

    expect(ended).toEqual([expect.stringContaining(`${left.pid} `)]);
    expect((await left).signal).toBe('SIGKILL');
    expect(await endProcessesOf(directory)).toEqual([]);
    other.kill();
    expect((await other).signal).toBe('SIGTERM');
    await rm(directory, { recursive: true });
  });
});
