import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openProcessRuntime } from '../../../src/drivers/runtime/process/process-runtime.ts';
import { procTable } from '../../../src/drivers/runtime/process/process-table.ts';
import type { Runtime } from '../../../src/ports/runtime.ts';
import { describeRuntime } from '../../contract/runtime.suite.ts';
import { nodeFolder, runCommand, startInstance } from '../../support/instance.ts';
import { canSeparate, openTestSandbox } from '../../support/sandbox.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

const separates = await canSeparate();

describe.runIf(separates)('with a sandbox', () => {
  // Programs know the numbers of their own namespace: the test below looks from outside.
  describeRuntime(
    'the process driver',
    () => openConfined(),
    async () => [],
  );

  test('nothing of a tree survives a stop, wherever it has gone', async () => {
    const directory = await makeTempFolder();
    await using runtime = await openConfined(directory);
    const instance = await startInstance(runtime, 'leaves-group.cjs');
    await expect.poll(() => instance.lines[0]).toMatch(/^child /);
    expect(await procTable.mentioning(directory)).not.toEqual([]);
    await runtime.stop(instance.id, 1000);
    expect(await procTable.mentioning(directory)).toEqual([]);
  });

  test('an instance that uses too much memory says so when it ends', async () => {
    await using runtime = await openConfined();
    const script = 'const all = []; setInterval(() => all.push(Buffer.alloc(3e7, 1)), 1);';
    const instance = await startInstance(runtime, 'hog', {
      limits: { memoryMb: 128, cpus: 1 },
      start: { kind: 'exec', file: process.execPath, args: ['-e', script], environment: {} },
    });
    expect((await instance.exit).exceeded).toBe('used more than 128 MB of memory');
  });

  test('variables that would change the programs around the sandbox are set inside', async () => {
    await using runtime = await openConfined();
    const environment = {
      LD_LIBRARY_PATH: "/it's/there",
      PS4: '$(touch /tmp/x)',
      MALLOC_ARENA_MAX: '2',
    };
    const seen = await runCommand(runtime, 'echo "$LD_LIBRARY_PATH $PS4 $MALLOC_ARENA_MAX"', {
      environment,
    });
    expect(seen).toMatchObject({ outcome: 'success', tail: "/it's/there $(touch /tmp/x) 2" });
  });

  test('a command runs as nobody who owns anything, and sees its own processes only', async () => {
    await using runtime = await openConfined();
    const seen = await runCommand(
      runtime,
      'id -u; ls /proc | grep -c "^[0-9]*$"; ls /root /home 2>&1',
    );
    const [uid, processes] = seen.tail.split('\n');
    expect(Number(uid)).not.toBe(0);
    expect(Number(processes)).toBeLessThan(10);
  });
});

async function openConfined(given?: string): Promise<Runtime> {
  const directory = given ?? (await makeTempFolder());
  return openProcessRuntime({
    directory: join(directory, 'run'),
    sandbox: await openTestSandbox(),
    surroundings: {
      tools: [nodeFolder, process.execPath],
      caches: [],
      hidden: [],
      bounds: { processes: 256, openFiles: 4096, fileMb: 64, scratchMb: 64 },
      commands: { memoryMb: 512, cpus: 2, niceness: 5 },
    },
  });
}
