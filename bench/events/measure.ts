import { glob, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type Berth, startBerth } from '../../test/support/berth.ts';
import { deploy, draftOf, previewConnector } from '../../test/support/deploy.ts';
import { createRepository } from '../../test/support/git-repository.ts';
import { tinyConnector } from '../../test/support/tiny-connector.ts';
import type { BenchmarkRun } from '../benchmark-command.ts';
import { openArrivals, preciseNow } from '../handler/arrivals.ts';
import { startBareHandler } from '../handler/bare-handler.ts';
import { inParallel, openPoster, type Poster } from '../handler/post.ts';
import { handlerProgram } from '../handler/program.ts';
import { startGoogleEmulator } from './google-emulator.ts';
import { measureBareLatency, measureLatency } from './latency.ts';
import { deliveriesAtOnce, latencySamples, messagesPerRound, printData } from './messages.ts';
import { measureThroughput, type Route } from './publisher.ts';

export interface Round {
  /** Messages/s. */
  readonly berth: number;
  /** Absent where it is not installed. */
  readonly google?: number;
  /** Requests/s with the same bodies to the same handler, and nothing else. */
  readonly bare: number;
  /** ms, p50 */
  readonly berthLatency: number;
  readonly bareLatency: number;
}

export interface Measured {
  readonly rounds: readonly Round[];
}

export async function measureEvents(run: BenchmarkRun): Promise<Measured> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'berth-bench-'));
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const berth = stack.use(
    await startBerth({
      environment: {
        ...run.environment,
        BERTH_SANDBOX: 'auto',
        BERTH_RATE_LIMIT_PER_MINUTE: '6000000',
      },
    }),
  );
  const seenThere = `/tmp/${basename(folder)}.arrivals`;
  stack.defer(() => rm(seenThere, { force: true }));
  const own = await deployHandler(berth, seenThere);
  stack.use(own.arrivals);
  const bareHandler = stack.use(await startBareHandler(folder, 'bare'));
  const bareUrl = `http://127.0.0.1:${bareHandler.at}/handler`;
  const pushed = stack.use(await startBareHandler(folder, 'pushed'));
  const emulator = await startGoogleEmulator(`http://127.0.0.1:${pushed.at}/handler`);
  if (emulator !== undefined) stack.use(emulator);
  const poster = stack.use(openPoster(deliveriesAtOnce));
  const rounds: Round[] = [];
  const perRound = messagesPerRound + latencySamples;
  for (let round = 0; round <= run.rounds; round++) {
    run.progress(round === 0 ? 'warm-up' : `round ${round} of ${run.rounds}`);
    const from = round * perRound;
    const berthRate = await measureThroughput(poster, own, from);
    const google =
      emulator &&
      (await measureThroughput(
        poster,
        { publishUrl: emulator.publishUrl, arrivals: pushed.arrivals },
        round * messagesPerRound,
      ));
    const measured = {
      berth: berthRate,
      ...(google === undefined ? {} : { google }),
      bare: await measureBare(poster, bareUrl),
      berthLatency: median(await measureLatency(poster, own, from + messagesPerRound)),
      bareLatency: median(await measureBareLatency(poster, { folder, url: bareUrl })),
    };
    if (round > 0) rounds.push(measured);
  }
  return { rounds };
}

/** @param file where the handler notes what arrives: its own, where it sees files of its own */
async function deployHandler(berth: Berth, file: string): Promise<Route> {
  const standardConfiguration = [{ key: 'ARRIVALS', description: 'A file', default: file }];
  const handler = {
    type: 'event',
    server: handlerProgram,
    spec: { configuration: { standardConfiguration } },
  } as const;
  await using repository = await createRepository({ files: tinyConnector({ handler }), tag: 'v1' });
  const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
  const { body } = await deploy(berth, draftOf(connector));
  if (body.status !== 'Deployed')
    throw new Error(`Not deployed:\n${JSON.stringify(body, undefined, 2)}`);
  const { topic } = body.applications[0];
  const publishUrl = `${berth.api}/v1/projects/${berth.projectKey}/topics/${topic}:publish`;
  return { publishUrl, arrivals: await openArrivals(await findFile(file)) };
}

/** As a process has it that sees files of its own. */
async function findFile(file: string): Promise<string> {
  for await (const found of glob(`/proc/[0-9]*/root${file}`)) return found;
  throw new Error(`No process has ${file}`);
}

async function measureBare(poster: Poster, url: string): Promise<number> {
  const body = JSON.stringify({ message: { data: printData(0) } });
  const startedAt = preciseNow();
  await inParallel(messagesPerRound, deliveriesAtOnce, () => poster.post(url, body));
  return (messagesPerRound * 1000) / (preciseNow() - startedAt);
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}
