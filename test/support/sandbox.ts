import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSandbox } from '../../src/drivers/sandbox/open-sandbox.ts';
import type { Sandbox } from '../../src/drivers/sandbox/sandbox.ts';
import { makeTempFolder } from './temp-folder.ts';

/** Whether bubblewrap works here. In CI it is installed: there its tests must run. */
export async function canSeparate(): Promise<boolean> {
  const directory = await mkdtemp(join(tmpdir(), 'berth-'));
  const { separation, report } = await openSandbox({ directory, mode: 'auto' });
  await rm(directory, { recursive: true });
  if (separation === 'none')
    process.stdout.write(`Skipped without a sandbox: ${report.separation}\n`);
  if (separation === 'none' && process.env['CI'] === 'true' && process.platform === 'linux') {
    throw new Error(`CI has no sandbox: ${report.separation}`);
  }
  return separation === 'bubblewrap';
}

export async function openTestSandbox(
  mode: 'auto' | 'required' | 'off' = 'required',
): Promise<Sandbox> {
  return openSandbox({ directory: await makeTempFolder(), mode });
}
