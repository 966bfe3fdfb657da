import { execa } from 'execa';
import { expect, test } from 'vitest';
import { findProgram } from '../../../src/drivers/sandbox/find-program.ts';
import { resourceLimits } from '../../../src/drivers/sandbox/resource-limits.ts';

const prlimit = await findProgram('prlimit');

test.runIf(prlimit !== undefined)(
  'without control groups Node has room for its worker threads, and not for anything',
  async () => {
    const host = {
      ...{ prlimit: prlimit ?? '', shellSetsLimits: false, ceilings: new Map<string, number>() },
      ...{ withoutBubblewrap: '', withoutNetwork: '' },
    };
    const limits = {
      ...{ memoryMb: 512, cpus: 1, processes: 512, openFiles: 1024 },
      ...{ fileMb: 64, scratchMb: 64, niceness: 0 },
    };
    const [file = '', ...args] = resourceLimits(host, limits);
    const run = (script: string) =>
      execa(file, [...args, process.execPath, '-e', script], { reject: false });
    const workers = `
      const { Worker } = require('node:worker_threads');
      for (let count = 0; count < 8; count += 1) new Worker('process.stdout.write("x")', { eval: true });`;
    expect(await run(workers)).toMatchObject({ exitCode: 0, stdout: 'xxxxxxxx' });
    expect((await run('Buffer.alloc(2 ** 35)')).exitCode).not.toBe(0);
  },
);
