import { isLoopback } from '../config/parse-config.ts';
import { readOperatorEnvironment } from '../config/read-env.ts';
import { Failure } from '../core/failure.ts';
import { logIn } from './quickstart/api.ts';
import { chooseSettings, type Environment } from './quickstart/choose-settings.ts';
import { deployExample } from './quickstart/deploy-example.ts';
import { openExampleRepository } from './quickstart/example-repository.ts';
import { nextCommands } from './quickstart/next-commands.ts';
import { prove } from './quickstart/prove.ts';
import { elapsedMs, type Show } from './quickstart/show.ts';
import { showJson } from './quickstart/show-json.ts';
import { showTerminal } from './quickstart/show-terminal.ts';
import { plainLook, showText } from './quickstart/show-text.ts';
import { startBerth } from './quickstart/start-berth.ts';
import { stopSignal } from './stop-signal.ts';
import { version } from './version.ts';

export interface QuickstartOptions {
  readonly json?: true;
  readonly exit?: true;
}

/** `berth quickstart`: a Berth of its own with the example deployed on it, until Ctrl-C. */
export async function quickstart(options: QuickstartOptions): Promise<void> {
  const environment = readOperatorEnvironment();
  const show = chooseShow(options, environment);
  const readerGone = new AbortController();
  process.stdout.on('error', () => readerGone.abort());
  const stop = AbortSignal.any([stopSignal('SIGHUP'), readerGone.signal]);
  try {
    await run(options, { environment, show, stop });
  } catch (error) {
    process.exitCode = 1;
    if (stop.aborted) show.failed({ message: 'Stopped before it was done.' });
    else if (error instanceof Failure) show.failed(error);
    else throw error;
  }
}

async function run(
  options: QuickstartOptions,
  given: { readonly environment: Environment; readonly show: Show; readonly stop: AbortSignal },
): Promise<void> {
  const { show, stop } = given;
  const { config, environment } = await chooseSettings(given.environment, show);
  const repository = await openExampleRepository(config.dataDirectory, environment, stop);
  show.step({
    title: repository.isNewTag
      ? `Repository made of examples/hello-connector, tag ${repository.tag}`
      : `Repository found, tag ${repository.tag}: the example has not changed`,
  });
  show.underWay([{ title: 'Starting Berth' }]);
  {
    await using berth = await startBerth({ config, environment, stop });
    show.step({ title: `Berth ${version} started`, message: `API ${berth.api}` });
    const { projectKey } = berth.client;
    const api = await logIn(berth.api, berth.client, stop);
    const context = { api, projectKey, show, signal: stop };
    const deployment = await deployExample(context, repository);
    const urls = await prove(context, deployment);
    show.ready({
      elapsedMs: elapsedMs(),
      urls: { ...urls, api: berth.api, gateway: berth.gateway },
      log: berth.log,
      commands: nextCommands(berth, urls, !isLoopback(config.host)),
      ...(options.exit ? {} : { ending: 'Berth runs until Ctrl-C.' }),
    });
    if (!options.exit) await aborted(stop);
    show.stopping();
  }
  show.stopped(config.dataDirectory);
}

function chooseShow({ json }: QuickstartOptions, environment: Environment): Show {
  const { stdout } = process;
  const write = (text: string): void => void stdout.write(text);
  if (json) return showJson(write);
  const isPlain = ['NO_COLOR', 'CI'].some((name) => Boolean(environment[name]));
  const isTerminal = stdout.isTTY && environment['TERM'] !== 'dumb' && !isPlain;
  return isTerminal ? showTerminal(stdout) : showText(plainLook, write);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
