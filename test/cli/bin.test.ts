import { existsSync } from 'node:fs';
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { version } from '../../src/cli/version.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const bin = join(import.meta.dirname, '../../bin/berth.js');

describe('the bin', () => {
  test('runs the program with this Node', async () => {
    const { stdout } = await execa(process.execPath, [bin, '--version']);

    expect(stdout).toBe(version);
  });
});

/** The machine's own Node, where it is older than Berth needs. */
const olderNode = await findOlderNode(['/usr/bin/node', '/usr/local/bin/node']);

describe.skipIf(olderNode === undefined)('the bin under an older Node', () => {
  const node = olderNode ?? '';

  test('runs the program with the Node that was installed beside it', async () => {
    const { stdout } = await execa(node, [bin, '--version']);

    expect(stdout).toBe(version);
  });

  test('passes arguments and the exit code on', async () => {
    const { exitCode, stderr } = await execa(node, [bin, 'no-such-command'], { reject: false });

    expect(exitCode).toBe(1);
    expect(stderr).toContain("unknown command 'no-such-command'");
  });

  test('passes signals on', async () => {
    const berth = execa(node, [bin, 'serve'], {
      extendEnv: false,
      env: {
        PATH: process.env['PATH'] ?? '',
        BERTH_DATA_DIR: await makeTempFolder(),
        BERTH_PORT: '0',
        BERTH_GATEWAY_PORT: '0',
      },
      reject: false,
    });
    const ready = Promise.withResolvers<void>();
    createInterface({ input: berth.stdout }).on('line', (line) => {
      if (line.startsWith('Berth is ready')) ready.resolve();
    });
    await ready.promise;

    berth.kill('SIGTERM');

    expect(await berth).toMatchObject({ exitCode: 0 });
  });

  test('says what to install where there is no newer one', async () => {
    const folder = await makeTempFolder();
    await cp(bin, join(folder, 'berth.js'));
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');

    const { exitCode, stderr } = await execa(node, [join(folder, 'berth.js')], { reject: false });

    expect(exitCode).toBe(1);
    expect(stderr).toContain('Install Node 24');
  });
});

async function findOlderNode(candidates: readonly string[]): Promise<string | undefined> {
  for (const file of candidates.filter((one) => existsSync(one))) {
    const { stdout } = await execa(file, ['--version']);
    if (Number(/^v(\d+)/.exec(stdout)?.[1]) < 24) return file;
  }
  return undefined;
}
