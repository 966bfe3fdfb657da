import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { baseValues } from './dummy-configuration.ts';
import { endProcessesOf } from './leftover-processes.ts';
import { waitUntil } from './wait-until.ts';

/** A whole Berth as people start it, in a temp folder of its own. */
export interface BerthProcess {
  readonly apiUrl: string;
  readonly credentials: { readonly id: string; readonly secret: string };
  readonly directory: string;
  readonly dataDirectory: string;
  /** The end of what it printed. */
  lastOutput(): readonly string[];
  /** Ends it and everything it left running. Answers the command lines of what it left. */
  stop(): Promise<readonly string[]>;
}

const program = join(import.meta.dirname, '../../src/cli/berth.ts');
const credentials = { id: 'try-connectors', secret: 'try-connectors-secret-0123456789' };
const startTimeoutMs = 30_000;
/** Longer than Berth gives requests to drain. */
const stopTimeoutMs = 90_000;
const keptLines = 500;

export async function startBerth(options: {
  readonly platformUrl: string;
  /** Leave the folder where it is. */
  readonly keep: boolean;
  readonly signal: AbortSignal;
}): Promise<BerthProcess> {
  const directory = await mkdtemp(join(tmpdir(), 'berth-try-'));
  const dataDirectory = join(directory, 'data');
  const child = execa(process.execPath, [program, 'serve'], {
    cwd: directory,
    env: environmentOf(dataDirectory, options.platformUrl),
    buffer: false,
    reject: false,
    forceKillAfterDelay: stopTimeoutMs,
  });
  let hasEnded = false;
  // Not the child's own promise: that waits for whatever else still holds its output open.
  const ending = new Promise<void>((resolve) => {
    child.nodeChildProcess.once('exit', () => {
      hasEnded = true;
      resolve();
    });
  });
  const lines: string[] = [];
  const reading = Promise.all([collect(child, 'stdout', lines), collect(child, 'stderr', lines)]);

  const stop = async () => {
    child.kill('SIGTERM');
    await ending;
    const left = await endProcessesOf(directory);
    await reading;
    if (!options.keep) await rm(directory, { recursive: true, force: true, maxRetries: 3 });
    return left;
  };
  try {
    const apiUrl = await waitUntil(
      'Berth is ready',
      { ...options, timeoutMs: startTimeoutMs },
      () => {
        if (hasEnded) throw new Error('Berth ended');
        return findApiUrl(lines);
      },
    );
    await waitUntil('GET /readyz answers 200', { ...options, timeoutMs: startTimeoutMs }, () =>
      isReady(apiUrl),
    );
    return { apiUrl, credentials, directory, dataDirectory, lastOutput: () => lines, stop };
  } catch (error) {
    await stop();
    throw new Error(`Berth did not start. Its last output:\n${lines.slice(-30).join('\n')}`, {
      cause: error,
    });
  }
}

function environmentOf(dataDirectory: string, platformUrl: string): Record<string, string> {
  return {
    BERTH_DATA_DIR: dataDirectory,
    BERTH_HOST: '127.0.0.1',
    BERTH_PORT: '0',
    BERTH_GATEWAY_PORT: '0',
    BERTH_BOOTSTRAP_PROJECT_KEY: baseValues.CTP_PROJECT_KEY,
    BERTH_BOOTSTRAP_CLIENT_ID: credentials.id,
    BERTH_BOOTSTRAP_CLIENT_SECRET: credentials.secret,
    BERTH_PLATFORM_API_URL: platformUrl,
    BERTH_PLATFORM_AUTH_URL: platformUrl,
    BERTH_PLATFORM_CLIENT_ID: 'berth-privileged-client',
    BERTH_PLATFORM_CLIENT_SECRET: 'berth-privileged-secret',
  };
}

async function collect(
  child: { iterable(options: { from: 'stdout' | 'stderr' }): AsyncIterable<string> },
  from: 'stdout' | 'stderr',
  lines: string[],
): Promise<void> {
  for await (const line of child.iterable({ from })) {
    lines.push(line.slice(0, 4000));
    if (lines.length > keptLines) lines.shift();
  }
}

function findApiUrl(lines: readonly string[]): string | undefined {
  return lines.map((line) => /^Berth is ready: API (\S+?),/.exec(line)?.[1]).find(Boolean);
}

async function isReady(apiUrl: string): Promise<true | undefined> {
  const response = await fetch(`${apiUrl}/readyz`, { signal: AbortSignal.timeout(5000) }).catch(
    () => undefined,
  );
  return response?.status === 200 ? true : undefined;
}
