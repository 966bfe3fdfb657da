import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, test, vi } from 'vitest';
import { openGooglePubsub } from '../../src/drivers/event-bridge/google-pubsub/open-google-pubsub.ts';
import { describeEventBridge } from '../contract/event-bridge.suite.ts';

const program = '/usr/lib/google-cloud-sdk/platform/pubsub-emulator/bin/cloud-pubsub-emulator';

if (existsSync(program)) {
  describeEventBridge('Google Pub/Sub, by its emulator,', async () => {
    const emulator = await startEmulator();
    const bridge = await openGooglePubsub({
      projectId: 'berth-test',
      endpoint: emulator.endpoint,
      credentials: { kind: 'none' },
    });
    return { ...emulator, bridge };
  });
} else {
  describe('Google Pub/Sub, by its emulator,', () => {
    test.skip(`skipped: there is no ${program} (Debian package google-cloud-cli-pubsub-emulator)`);
  });
}

async function startEmulator() {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'berth-emulator-'));
  const child = execa(program, ['--host=127.0.0.1', `--port=${port}`, `--data-dir=${folder}`], {
    reject: false,
    buffer: false,
    // Its script starts Java and would leave it behind.
    detached: true,
  });
  const endpoint = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    if (child.pid !== undefined) {
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    }
    await child;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await vi.waitUntil(async () => (await fetch(endpoint).catch(() => undefined))?.ok, {
      timeout: 240_000,
      interval: 200,
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { endpoint, [Symbol.asyncDispose]: stop };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
