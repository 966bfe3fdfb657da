import { connect } from 'node:net';
import type { ResponseTaker } from '../../src/data-plane/connections/http/http-connection.ts';
import { createHttpPool, type HttpPool } from '../../src/data-plane/connections/http/http-pool.ts';
import { connections } from '../http/wrk.ts';

/**
 * Asks at a rate, whatever becomes of the requests before: the argument says what, as JSON. Prints latencies in ms, as JSON. A request
 * counts from when it was due, so that one that had to wait for others is as slow as its client sees it. It is a program
 * of its own, because it looks at the clock all the time: timers are a millisecond apart at best, and requests would come in bunches.
 * Its client is the one that Berth has for instances: whatever it takes is missing to those who answer, and that one takes little.
 */
export interface SteadyLoad {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly perSecond: number;
  readonly warmUpMs: number;
  readonly measuredMs: number;
}

export interface Latencies {
  readonly p50: number;
  readonly p99: number;
  readonly requests: number;
}

/** So many under way at once, and the rate is more than whoever answers can do. */
const mostUnderWay = 10_000;

const asked = JSON.parse(process.argv[2] ?? '') as SteadyLoad;
process.stdout.write(`${JSON.stringify(await run(asked))}\n`);

async function run(load: SteadyLoad): Promise<Latencies> {
  const { hostname, port, pathname, host } = new URL(load.url);
  using pool = createHttpPool(
    () => connect({ host: hostname, port: Number(port), noDelay: true }),
    {
      ...{ connections, connectMs: 5_000, answerMs: 60_000, headBytes: 16_384, idleMs: 60_000 },
    },
  );
  const headers = Object.entries({ Host: host, ...load.headers }).flat();
  const latencies: number[] = [];
  let underWay = 0;
  const ask = async (due: number, isCounted: boolean): Promise<void> => {
    underWay++;
    const status = await askOnce(pool, { path: pathname, headers });
    underWay--;
    if (status !== 200) throw new Error(`${load.url} answered ${status}`);
    if (isCounted) latencies.push(performance.now() - due);
  };
  const answers = await askSteadily(load, (due, isCounted) => {
    if (underWay > mostUnderWay)
      throw new Error(`${load.url} does not answer ${load.perSecond} requests a second`);
    return ask(due, isCounted);
  });
  await Promise.all(answers);
  return summarizeLatencies(latencies);
}

/** @returns the status, once all of the answer is there */
function askOnce(
  pool: HttpPool,
  asked: { readonly path: string; readonly headers: string[] },
): Promise<number> {
  return new Promise((resolve, reject) => {
    let status = 0;
    const taker: ResponseTaker = {
      onStart: () => true,
      onHead(head) {
        status = head.status;
      },
      onBody() {},
      onEnd: () => resolve(status),
      onFailure: reject,
    };
    pool.send({ ...asked, method: 'GET', body: null }, taker);
  });
}

function askSteadily(
  { perSecond, warmUpMs, measuredMs }: SteadyLoad,
  ask: (due: number, isCounted: boolean) => Promise<void>,
): Promise<readonly Promise<void>[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly Promise<void>[]>();
  const answers: Promise<void>[] = [];
  const begin = performance.now();
  const look = (): void => {
    const passed = performance.now() - begin;
    const due = Math.floor((Math.min(passed, warmUpMs + measuredMs) * perSecond) / 1000);
    try {
      while (answers.length < due) {
        const at = (answers.length * 1000) / perSecond;
        const answer = ask(begin + at, at >= warmUpMs);
        answer.catch(reject);
        answers.push(answer);
      }
    } catch (error) {
      reject(error);
      return;
    }
    if (passed < warmUpMs + measuredMs) setImmediate(look);
    else resolve(answers);
  };
  look();
  return promise;
}

function summarizeLatencies(latencies: readonly number[]): Latencies {
  const sorted = latencies.toSorted((one, other) => one - other);
  const at = (part: number): number => sorted[Math.floor(part * sorted.length)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), requests: sorted.length };
}
