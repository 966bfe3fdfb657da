import { setTimeout as wait } from 'node:timers/promises';
import { openCollector } from '../chaos/collector.ts';
import { type Answer, type Berth, startBerth } from '../support/berth.ts';
import {
  deploy,
  draftOf,
  previewConnector,
  redeploy,
  settleThroughRestarts,
} from '../support/deploy.ts';
import { createRepository } from '../support/git-repository.ts';
import { jobIntervalMs, uptimeConnector } from './connector.ts';
import { followLog } from './log-follower.ts';
import { startPublisher } from './publisher.ts';
import { ask, startRequestProbes } from './request-probes.ts';
import { type Count, type Crash, judge } from './tally.ts';
import { judgeTicks } from './ticks.ts';

export interface Disturbances {
  readonly redeploys: number;
  readonly crashes: number;
  readonly restarts: number;
}

export interface Uptime {
  readonly seconds: number;
  readonly done: Disturbances;
  readonly counts: readonly Count[];
  /** Of the log's stream and of the publish API, which come and go with the control plane. */
  readonly reconnects: number;
  readonly publishedAgain: number;
}

/**
 * Uses a Deployment in every way there is while it is redeployed, its instances crash and the control plane is killed.
 * @throws where a redeploy does not end `Deployed`, or what was killed does not come back
 */
export async function watchUptime(
  wanted: Disturbances,
  onDisturbance: (text: string) => void = () => undefined,
): Promise<Uptime> {
  const startedAt = performance.now();
  await using collector = await openCollector();
  await using berth = await startBerth({
    environment: {
      BERTH_DRAIN_SECONDS: '30',
      BERTH_RATE_LIMIT_PER_MINUTE: '600000',
      // As a user has it. Applications tell the collector what they were sent.
      BERTH_SANDBOX: 'auto',
      BERTH_ALLOW_HOST_PORTS: new URL(collector.url).port,
    },
  });
  await using repository = await createRepository({ files: uptimeConnector(), tag: 'v1' });
  const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
  const draft = draftOf(connector, { configurations: configurationsOf(collector.url) });
  const deployment = await deploy(berth, draft);
  if (deployment.body.status !== 'Deployed') throw unexpected('The first deploy', deployment);
  const url: string = applicationOf(deployment, 'app').url;

  const log = await followLog(berth, deployment.body.id);
  const requests = startRequestProbes(url);
  const publisher = startPublisher(berth, applicationOf(deployment, 'listener').topic);
  let crashes: readonly Crash[] = [];
  try {
    crashes = await disturb({ berth, deployment, url, onDisturbance }, wanted);
  } finally {
    await requests.stop();
    await publisher.stop();
    await arrived(publisher.acknowledged, (data) => collector.received.has(data));
    await arrived(requests.lines, (line) => log.lines.has(line));
    await log.stop();
  }
  const ticks = [...collector.received.keys()]
    .filter((data) => data.startsWith('tick '))
    .map((data) => Number(data.slice('tick '.length)));
  return {
    seconds: Math.round((performance.now() - startedAt) / 1000),
    done: wanted,
    reconnects: log.reconnects,
    publishedAgain: publisher.again,
    counts: [
      ...requests.probes.map(({ name, tries }) => judge(name, tries, crashes)),
      count('event', publisher.acknowledged, (data) => collector.received.has(data)),
      { probe: 'job', excused: [], ...judgeTicks(ticks, jobIntervalMs) },
      count('log line followed', requests.lines, (line) => log.lines.has(line)),
      {
        probe: 'log line once',
        tried: log.lines.size,
        failed: log.repeated === 0 ? [] : [`${log.repeated} lines came again`],
        excused: [],
      },
      count('redeploy seen', valuesUpTo(wanted.redeploys), (value) => requests.values.has(value)),
    ],
  };
}

interface Scene {
  readonly berth: Berth;
  readonly deployment: Answer;
  readonly url: string;
  readonly onDisturbance: (text: string) => void;
}

/** All redeploys one after another, with crashes between them, and restarts while a redeploy is under way. */
async function disturb(scene: Scene, wanted: Disturbances): Promise<readonly Crash[]> {
  const { berth, url, onDisturbance } = scene;
  const crashes: Crash[] = [];
  let { deployment } = scene;
  let restarts = 0;
  const rounds = Math.max(wanted.redeploys, wanted.crashes, wanted.restarts);
  const due = (count: number, round: number): number => Math.round((count * round) / rounds);
  for (let round = 1; round <= rounds; round++) {
    const isRestarted = due(wanted.restarts, round) > restarts;
    if (due(wanted.redeploys, round) > due(wanted.redeploys, round - 1)) {
      deployment = await redeployTo(scene, deployment, due(wanted.redeploys, round), isRestarted);
    } else if (isRestarted) await restartControlPlane(berth);
    restarts = due(wanted.restarts, round);
    while (crashes.length < due(wanted.crashes, round)) {
      crashes.push(await crash(url));
      onDisturbance(`crash ${crashes.length}: ${describe(crashes.at(-1))}`);
    }
    if (isRestarted) onDisturbance(`restart ${restarts}`);
    // What is short runs between two disturbances, too.
    await wait(1_000);
  }
  return crashes;
}

async function redeployTo(
  { berth, url, onDisturbance }: Scene,
  deployment: Answer,
  number: number,
  isRestarted: boolean,
): Promise<Answer> {
  const startedAt = performance.now();
  const accepted = await redeploy(berth, deployment, {
    configurationValues: [
      { applicationName: 'app', standardConfiguration: [{ key: 'VALUE', value: `${number}` }] },
    ],
  });
  if (accepted.status !== 201) throw unexpected(`Redeploy ${number}`, accepted);
  if (isRestarted) await restartControlPlane(berth);
  const settled = await settleThroughRestarts(berth, deployment.body.id);
  if (settled.body.status !== 'Deployed') throw unexpected(`Redeploy ${number}`, settled);
  const { body } = await ask(url, { agent: false });
  const value: unknown = JSON.parse(body).value;
  if (value !== `${number}`) throw new Error(`Redeploy ${number} answers with ${value}`);
  onDisturbance(`redeploy ${number}: ${Math.round(performance.now() - startedAt)} ms`);
  return settled;
}

const patienceMs = 120_000;

/** kill -9. Resolves when another one answers. */
async function restartControlPlane(berth: Berth): Promise<void> {
  const before = berth.pidOf('control');
  await berth.kill('control');
  await until(() => berth.pidOf('control') !== before, 'The control plane did not come back');
}

/** kill -9 of the service by itself. Resolves when another instance has answered. */
async function crash(url: string): Promise<Crash> {
  const before = await bootOf(url);
  const toldAt = performance.now();
  await ask(`${url}/crash`, { agent: false }).catch(() => undefined);
  const diedAt = performance.now();
  await until(async () => {
    const boot = await bootOf(url);
    return boot !== undefined && boot !== before;
  }, 'The instance did not come back');
  return { toldAt, diedAt, backAt: performance.now() };
}

async function bootOf(url: string): Promise<string | undefined> {
  const answer = await ask(url, { agent: false }).catch(() => undefined);
  return answer?.status === 200 ? JSON.parse(answer.body).boot : undefined;
}

async function until(isSo: () => boolean | Promise<boolean>, otherwise: string): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(otherwise);
    await wait(20);
  }
}

/** Waits until all of it is there, or until it never will be. */
async function arrived(wanted: ReadonlySet<string>, isThere: (one: string) => boolean) {
  await until(() => [...wanted].every(isThere), '').catch(() => undefined);
}

function count(probe: string, all: ReadonlySet<string>, isThere: (one: string) => boolean): Count {
  const missing = [...all].filter((one) => !isThere(one));
  return { probe, tried: all.size, failed: missing.map((one) => `lost: ${one}`), excused: [] };
}

function valuesUpTo(redeploys: number): ReadonlySet<string> {
  return new Set(Array.from({ length: redeploys + 1 }, (_, at) => `${at}`));
}

function configurationsOf(collector: string) {
  const reports = [{ key: 'COLLECTOR', value: collector }];
  return [
    { applicationName: 'app', standardConfiguration: [{ key: 'VALUE', value: '0' }] },
    { applicationName: 'listener', standardConfiguration: reports },
    { applicationName: 'ticker', standardConfiguration: reports },
  ].map((one) => ({ ...one, securedConfiguration: [] }));
}

function applicationOf({ body }: Answer, name: string) {
  return body.applications.find(
    ({ applicationName }: { applicationName: string }) => applicationName === name,
  );
}

function describe(crash: Crash | undefined): string {
  return crash === undefined ? '' : `back after ${Math.round(crash.backAt - crash.toldAt)} ms`;
}

function unexpected(what: string, { status, body }: Answer): Error {
  return new Error(`${what}: ${status} ${JSON.stringify(body, undefined, 2)}`);
}
