import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSandbox, type SandboxOptions } from '../../src/drivers/sandbox/open-sandbox.ts';
import type { Sandbox } from '../../src/drivers/sandbox/sandbox.ts';
import { makeTempFolder } from './temp-folder.ts';

/** What works here. In CI everything is installed: there its tests must run, but where the machine has no such device. */
export async function whatSeparates(): Promise<{
  files: boolean;
  network: boolean;
  overlays: boolean;
  processors: boolean;
}> {
  const directory = await mkdtemp(join(tmpdir(), 'berth-'));
  const { separation, network, canOverlay, report } = await openSandbox({
    directory,
    mode: 'auto',
    network: 'auto',
  });
  await rm(directory, { recursive: true });
  const missing = [
    ...(separation === 'none' ? [`a sandbox: ${report.separation}`] : []),
    ...(network === 'shared' ? [`networks of their own: ${report.network}`] : []),
  ];
  for (const one of missing) process.stdout.write(`Skipped without ${one}\n`);
  if (missing.length > 0 && process.env['CI'] === 'true' && existsSync('/dev/net/tun')) {
    throw new Error(`CI has to do without ${missing.join(' and ')}`);
  }
  if (!canOverlay) process.stdout.write('Skipped without overlays\n');
  return {
    overlays: canOverlay,
    processors: report.cpu === 'control groups',
    files: separation === 'bubblewrap',
    network: network === 'private',
  };
}

export async function openTestSandbox(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  return openSandbox({ directory: await makeTempFolder(), mode: 'required', ...options });
}
