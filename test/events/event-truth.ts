import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { dataLayout } from '../../src/compose/data-layout.ts';
import { openEmbeddedBroker } from '../../src/drivers/event-broker/embedded/open-embedded-broker.ts';
import type { EventBroker } from '../../src/ports/event-broker.ts';
import { type Answer, type Berth, startBerth } from '../support/berth.ts';
import { deploy, draftOf, previewConnector } from '../support/deploy.ts';
import { createRepository } from '../support/git-repository.ts';
import { tinyConnector } from '../support/tiny-connector.ts';
import { type Fate, type Handled, handlerProgram, numberOf, parseHandled } from './handler.ts';
import { publishAll } from './publish-all.ts';

export interface EventTruthOptions {
  readonly messages: number;
  /** `kill -9` of the data plane. */
  readonly kills: number;
  /** Event applications, each with a topic: of one, 16 deliveries are under way at once. */
  readonly topics: number;
  readonly seed: number;
  readonly onProgress?: (text: string) => void;
}

export interface EventTruth {
  readonly published: number;
  readonly fates: Readonly<Record<Fate, number>>;
  readonly messageIds: ReadonlySet<string>;
  readonly acknowledged: ReadonlySet<number>;
  readonly dead: ReadonlySet<number>;
  /** Neither acknowledged nor dead. */
  readonly lost: readonly number[];
  /** Of those that must die: which have not. */
  readonly survivors: readonly number[];
  /** Acknowledged more than once. */
  readonly repeated: number;
  readonly deliveries: number;
  readonly kills: number;
  readonly seconds: number;
}

/** Nothing was handled for so long: it hangs. Leases (15 s) and starts are far below. */
const stuckMs = 240_000;
const lookMs = 250;

/**
 * Publishes to event applications that fail, hang and crash, kills the data plane again and again, and counts what became of every message.
 * @throws where some are still under way and nothing happens any more
 */
export async function tellEventTruth(options: EventTruthOptions): Promise<EventTruth> {
  const startedAt = performance.now();
  await using berth = await startBerth({
    environment: { BERTH_RATE_LIMIT_PER_MINUTE: '600000' },
  });
  const notes = join(berth.dataDirectory, 'notes');
  await mkdir(notes);
  const deployment = await deployHandlers(berth, options.topics, notes);
  const topics: readonly string[] = deployment.body.applications.map(
    ({ topic }: { topic: string }) => topic,
  );
  await using broker = await openEmbeddedBroker({ file: dataLayout(berth.dataDirectory).events });
  const publishing = publishAll(berth, topics, options);
  const waiting = () => countWaiting(broker, topics);
  const kills = await killUntilSettled(berth, { ...options, waiting, publishing });
  const { fates, messageIds } = await publishing;
  const handled = parseHandled(await readFile(join(notes, 'handled'), 'utf8'));
  const dead = await readDead(berth, deployment.body.id);
  return {
    ...judge(fates, handled, dead),
    ...{ published: messageIds.length, messageIds: new Set(messageIds), kills },
    seconds: Math.round((performance.now() - startedAt) / 1000),
  };
}

async function deployHandlers(berth: Berth, count: number, notes: string): Promise<Answer> {
  const standardConfiguration = [{ key: 'NOTES', description: 'A folder', default: notes }];
  // As little time as a policy may take, and more attempts than a message can use up that only stands beside one that crashes.
  const retryPolicy = {
    strategy: 'exponential-backoff',
    minBackoffSeconds: 1,
    maxBackoffSeconds: 1,
    maxAttempts: 10,
  };
  const handler = {
    type: 'event',
    server: handlerProgram,
    spec: { retryPolicy, configuration: { standardConfiguration } },
  } as const;
  const names = Array.from({ length: count }, (_, number) => `handler-${number}`);
  const files = tinyConnector(Object.fromEntries(names.map((name) => [name, handler])));
  await using repository = await createRepository({ files, tag: 'v1' });
  const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
  const deployment = await deploy(berth, draftOf(connector));
  if (deployment.body.status !== 'Deployed')
    throw new Error(`Not deployed:\n${JSON.stringify(deployment.body, undefined, 2)}`);
  return deployment;
}

async function countWaiting(broker: EventBroker, topics: readonly string[]): Promise<number> {
  const depths = await Promise.all(topics.map((topic) => broker.depth(topic)));
  return depths.reduce((sum, { waiting }) => sum + waiting, 0);
}

/** Kills whenever the next part of the messages is settled. @returns how often */
async function killUntilSettled(
  berth: Berth,
  {
    messages,
    kills,
    waiting,
    publishing,
    onProgress,
  }: EventTruthOptions & {
    readonly waiting: () => Promise<number>;
    readonly publishing: Promise<unknown>;
  },
): Promise<number> {
  let killed = 0;
  let all = false;
  const published = publishing.then(() => {
    all = true;
  });
  let seen = { left: -1, at: performance.now() };
  for (;;) {
    await Promise.race([wait(lookMs), all ? wait(lookMs) : published]);
    const left = await waiting();
    if (left !== seen.left) seen = { left, at: performance.now() };
    if (all && left === 0 && killed === kills) return killed;
    if (performance.now() - seen.at > stuckMs)
      throw new Error(`${left} messages wait and nothing happens:\n${berth.output.join('\n')}`);
    // Never before the first or after the last is settled: there must be something under way to be lost.
    const settled = (messages - left) / messages;
    if (all && killed < kills && settled >= (0.9 * (killed + 0.5)) / kills) {
      await killData(berth);
      killed++;
      onProgress?.(`kill ${killed} of ${kills}: ${left} messages wait`);
    }
  }
}

async function killData(berth: Berth): Promise<void> {
  const killedPid = berth.pidOf('data');
  await berth.kill('data');
  const deadline = performance.now() + stuckMs;
  while (berth.pidOf('data') === killedPid) {
    if (performance.now() > deadline) throw new Error('The data plane did not start again');
    await wait(lookMs);
  }
}

async function readDead(berth: Berth, deploymentId: string): Promise<ReadonlySet<number>> {
  const dead = new Set<number>();
  const limit = 100;
  for (let offset = 0; ; offset += limit) {
    const path = `/${berth.projectKey}/deployments/${deploymentId}/dead-letters?limit=${limit}&offset=${offset}`;
    const { results } = (await berth.request('GET', path)).body;
    for (const { data } of results) dead.add(numberOf(data));
    if (results.length < limit) return dead;
  }
}

function judge(
  fates: readonly Fate[],
  handled: readonly Handled[],
  dead: ReadonlySet<number>,
): Pick<
  EventTruth,
  'fates' | 'acknowledged' | 'dead' | 'lost' | 'survivors' | 'repeated' | 'deliveries'
> {
  const times = new Map<number, number>();
  for (const { number, acknowledged } of handled)
    if (acknowledged) times.set(number, (times.get(number) ?? 0) + 1);
  const numbers = [...fates.keys()];
  const count = (fate: Fate) => fates.filter((one) => one === fate).length;
  return {
    fates: {
      fine: count('fine'),
      'fails-once': count('fails-once'),
      'hangs-once': count('hangs-once'),
      'crashes-once': count('crashes-once'),
      'always-fails': count('always-fails'),
    },
    acknowledged: new Set(times.keys()),
    dead,
    lost: numbers.filter((number) => !times.has(number) && !dead.has(number)),
    survivors: numbers.filter((number) => fates[number] === 'always-fails' && !dead.has(number)),
    repeated: [...times.values()].filter((one) => one > 1).length,
    deliveries: handled.length,
  };
}
