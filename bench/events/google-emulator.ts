import { access } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { execa } from 'execa';

/** Where the Debian package `google-cloud-cli-pubsub-emulator` of Google's own archive puts it. */
const program = '/usr/lib/google-cloud-sdk/platform/pubsub-emulator/bin/cloud-pubsub-emulator';
const startMs = 60_000;

export interface GoogleEmulator extends AsyncDisposable {
  readonly publishUrl: string;
}

/** Google's emulator of Pub/Sub with one topic that it pushes to `endpoint`; undefined where it, or the Java that it needs, is not installed. */
export async function startGoogleEmulator(endpoint: string): Promise<GoogleEmulator | undefined> {
  const hasProgram = await access(program).then(
    () => true,
    () => false,
  );
  const java = await execa('java', ['-version'], { reject: false });
  if (!hasProgram || java.exitCode !== 0) return undefined;
  const port = await freePort();
  const child = execa(program, ['--host=127.0.0.1', `--port=${port}`], {
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'ignore',
    reject: false,
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await child;
  };
  try {
    const api = `http://127.0.0.1:${port}/v1/projects/bench`;
    await untilItAnswers(`http://127.0.0.1:${port}/`);
    await put(`${api}/topics/events`, {});
    await put(`${api}/subscriptions/events`, {
      topic: 'projects/bench/topics/events',
      pushConfig: { pushEndpoint: endpoint },
    });
    return { publishUrl: `${api}/topics/events:publish`, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function put(url: string, body: unknown): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(url, { method: 'PUT', headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
}

async function untilItAnswers(url: string): Promise<void> {
  const deadline = performance.now() + startMs;
  for (;;) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return;
    if (performance.now() > deadline)
      throw new Error(`Google's emulator did not answer within ${startMs / 1000} s`);
    await wait(100);
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await new Promise<number>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  await new Promise((resolve) => server.close(resolve));
  return port;
}
