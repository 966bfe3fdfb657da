import { once } from 'node:events';
import { createServer } from 'node:net';
import { execa } from 'execa';
import { answerPollMs, bodyOf, until } from './until.ts';

/** The application exactly as Berth starts it, but for what Berth adds around it. */
export interface BareApplication {
  readonly file: string;
  readonly args: readonly string[];
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** What connectors listen on, all of them. */
const port = 8080;

/** @returns ms from the spawn to the first answer on `endpoint` */
export async function measureBareStart(
  application: BareApplication,
  endpoint: string,
): Promise<number> {
  await refuseTakenPort();
  const startedAt = performance.now();
  const child = execa(application.file, application.args, {
    cwd: application.directory,
    env: application.environment,
    extendEnv: false,
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'ignore',
    reject: false,
  });
  try {
    const { at } = await until('The bare application answers', answerPollMs, () =>
      bodyOf(`http://127.0.0.1:${port}${endpoint}`),
    );
    return at - startedAt;
  } finally {
    child.kill('SIGKILL');
    await child;
  }
}

async function refuseTakenPort(): Promise<void> {
  const server = createServer();
  try {
    server.listen(port);
    await once(server, 'listening');
  } catch (cause) {
    throw new Error(
      `The bare start needs port ${port}, and something listens there. End it, then run this again.`,
      { cause },
    );
  }
  server.close();
  await once(server, 'close');
}

/** HOME and TMPDIR as good as Berth's own, in a folder of the benchmark. */
export function bareEnvironment(
  folder: string,
  path: readonly string[],
  given: readonly { readonly key: string; readonly value: string }[],
): Record<string, string> {
  return {
    ...Object.fromEntries(given.map(({ key, value }) => [key, value])),
    PATH: [...path, '/usr/local/bin', '/usr/bin', '/bin'].join(':'),
    HOME: folder,
    TMPDIR: folder,
  };
}
