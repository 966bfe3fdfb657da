import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readCredentials } from '../../compose/credentials.ts';
import { dataLayout } from '../../compose/data-layout.ts';
import { supervise } from '../../compose/supervise.ts';
import type { BootstrapClient, Config } from '../../config/parse-config.ts';
import { Failure } from '../../core/failure.ts';
import type { Environment } from './choose-settings.ts';

export interface StartedBerth extends AsyncDisposable {
  readonly api: string;
  readonly gateway: string;
  readonly client: BootstrapClient;
  readonly credentialsFile: string;
  /** What Berth says about itself. */
  readonly log: string;
  /** Resolves when it has stopped, which `stop` of its start makes it do. */
  readonly ended: Promise<void>;
}

const logLimitBytes = 10_000_000;

/** The server as `berth serve` starts it, but for its log, which goes into a file. */
export async function startBerth(given: {
  readonly config: Config;
  readonly environment: Environment;
  readonly stop: AbortSignal;
}): Promise<StartedBerth> {
  const { config, environment } = given;
  await mkdir(config.dataDirectory, { recursive: true, mode: 0o700 });
  const log = join(config.dataDirectory, 'quickstart.log');
  const output = await openLog(log);
  const over = new AbortController();
  const stop = AbortSignal.any([given.stop, over.signal]);
  const program = fileURLToPath(new URL('../berth.ts', import.meta.url));
  try {
    const started = supervise({ program, config, environment, output: output.fd, stop });
    const running = await started.catch((cause: Error) => {
      throw given.stop.aborted ? cause : notStarted(cause, log);
    });
    const { credentials } = dataLayout(config.dataDirectory);
    const client = await readCredentials(credentials);
    const at = urlsOf(config.host);
    const dispose = async (): Promise<void> => {
      over.abort();
      await running.ended;
      await output.close();
    };
    if (client === undefined) {
      await dispose();
      throw new Failure(`Berth wrote no ${credentials}.`, { nextStep: `Read its log: ${log}` });
    }
    return {
      api: at(running.apiPort),
      gateway: at(running.gatewayPort),
      client,
      credentialsFile: credentials,
      log,
      ended: running.ended,
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await output.close();
    throw error;
  }
}

/** Appends: a second quickstart, which will be refused, must not empty the log of the first. */
async function openLog(file: string): Promise<FileHandle> {
  const log = await open(file, 'a', 0o600);
  if ((await log.stat()).size > logLimitBytes) await log.truncate();
  return log;
}

function notStarted(cause: Error, log: string): Failure {
  return new Failure(`Berth could not start: ${cause.message}`, {
    nextStep: `Its log says more: ${log}`,
    cause,
  });
}

/** Where it listens on every address, it answers on loopback too. */
function urlsOf(host: string): (port: number) => string {
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  const name = reachable.includes(':') ? `[${reachable}]` : reachable;
  return (port) => `http://${name}:${port}`;
}
