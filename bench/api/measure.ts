import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import type { BenchmarkRun } from '../benchmark-command.ts';
import { divideProcessors, type Processors } from '../http/processors.ts';
import { requirePrograms } from '../http/programs.ts';
import { inTurn } from '../http/turns.ts';
import { measureThroughput } from '../http/wrk.ts';
import { summarize } from '../statistics.ts';
import { type FilledBerth, startFilledBerth } from './many-deployments.ts';

export const few = 1_000;
export const many = 1_000_000;

/** What is asked for, and what there is of it. */
export const queries = {
  'all of them': '',
  'three of ten, by type': 'deploymentType=production',
  'one of five, by integration type': 'integrationTypes=tax',
  'two of five, by integration types': 'integrationTypes=tax&integrationTypes=crm',
  'by type and integration type': 'deploymentType=sandbox&integrationTypes=psp',
  'three of ten, last changed first': 'deploymentType=production&sort=lastModifiedAt%20desc',
  'only the ten oldest': 'integrationTypes=giftcard',
  'none at all': 'integrationTypes=pim',
} as const;
export type Query = keyof typeof queries;
const names = Object.keys(queries) as readonly Query[];

export interface Pair {
  readonly fewMs: number;
  readonly manyMs: number;
}

export interface Round {
  /** Requests per second. */
  readonly get: { readonly fastify: number; readonly berth: number };
  readonly queries: Readonly<Record<Query, Pair>>;
}

export interface Measured {
  readonly apart: boolean;
  readonly rounds: readonly Round[];
}

const seconds = { warmUp: 3, counted: 6 };
const queriesEach = 25;

export async function measureApi({
  rounds: count,
  environment,
  progress,
}: BenchmarkRun): Promise<Measured> {
  const { wrk } = await requirePrograms(['wrk']);
  const processors = await divideProcessors();
  progress(`${few} Deployments`);
  await using small = await startFilledBerth(few, environment);
  progress(`${many} Deployments: takes a few minutes`);
  await using large = await startFilledBerth(many, environment);
  for (const { berth } of [small, large]) {
    await processors.moveToMeasured(berth.pidOf('control'));
    await processors.moveToOthers(berth.pidOf('data'));
  }
  const get = await prepareGet(large);
  await using fastify = await startFastify(get.answer, processors);
  const throughput = async (url: string, duration: number): Promise<number> => {
    const { headers } = get;
    const load = { url, headers, seconds: duration };
    return (await measureThroughput(processors.others, wrk, load)).perSecond;
  };
  const urls = { fastify: `${fastify.url}${get.path}`, berth: `${large.berth.api}${get.path}` };
  progress('warm-up');
  for (const url of Object.values(urls)) await throughput(url, seconds.warmUp);
  await inTurn(names, 0, (name) => measurePair(small, large, name));
  const rounds: Round[] = [];
  for (let round = 0; round < count; round += 1) {
    progress(`round ${round + 1} of ${count}`);
    rounds.push({
      get: await inTurn(['fastify', 'berth'], round, (side) =>
        throughput(urls[side], seconds.counted),
      ),
      queries: await inTurn(names, round, (name) => measurePair(small, large, name)),
    });
  }
  return { apart: processors.apart, rounds };
}

/** One GET, as an API client sends it, and what is answered to it. */
async function prepareGet({ berth, deploymentId }: FilledBerth) {
  const path = `/${berth.projectKey}/deployments/${deploymentId}`;
  const { status, body } = await berth.request('GET', path);
  if (status !== 200) throw new Error(`GET ${path} was answered with ${status}`);
  const headers = { Authorization: `Bearer ${await berth.token()}` };
  return { path, headers, answer: JSON.stringify(body) };
}

async function startFastify(
  answer: string,
  processors: Processors,
): Promise<{ readonly url: string } & AsyncDisposable> {
  const program = new URL('./bare-fastify.ts', import.meta.url).pathname;
  const [file, ...args] = processors.measured([process.execPath, program]);
  const child = execa(file, args, { input: answer, buffer: false, reject: false });
  const lines = createInterface({ input: child.stdout });
  const [port] = (await once(lines, 'line')) as [string];
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await child;
    },
  };
}

/** Both in turns, one request after the other. */
async function measurePair(small: FilledBerth, large: FilledBerth, name: Query): Promise<Pair> {
  const [fewMs, manyMs]: [number[], number[]] = [[], []];
  for (let number = 0; number < queriesEach; number += 1) {
    fewMs.push(await timeQuery(small, name));
    manyMs.push(await timeQuery(large, name));
  }
  return { fewMs: summarize(fewMs).median, manyMs: summarize(manyMs).median };
}

async function timeQuery({ berth }: FilledBerth, name: Query): Promise<number> {
  const path = `/${berth.projectKey}/deployments?${queries[name]}`;
  const begin = performance.now();
  const { status, body } = await berth.request('GET', path);
  const ms = performance.now() - begin;
  if (status !== 200 || typeof body.total !== 'number')
    throw new Error(`GET ${path} was answered with ${status}`);
  return ms;
}
