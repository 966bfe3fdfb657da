import { Agent, request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

export interface RequestLoop {
  /** How many requests have been answered with 200 so far. */
  readonly answered: number;
  /** Each other answer or error. */
  readonly failures: readonly string[];
  /** Bodies in the order of their first appearance. */
  readonly bodies: readonly string[];
  /** Ends the loop, when every request under way has been answered. */
  stop(): Promise<void>;
}

export interface RequestLoopOptions {
  readonly kept?: number;
  readonly fresh?: number;
  /** Between an answer and the next request of the same asker. */
  readonly pauseMs?: number;
}

/** Asks as fast as answers come, on kept connections and on a new one for each request, at the same time. */
export function startRequestLoop(
  url: string,
  { kept = 6, fresh = 2, pauseMs = 0 }: RequestLoopOptions = {},
): RequestLoop {
  const agent = new Agent({ keepAlive: true, maxSockets: kept });
  const failures: string[] = [];
  const bodies = new Set<string>();
  let answered = 0;
  let stopped = false;

  const keepAsking = async (through: Agent | false): Promise<void> => {
    while (!stopped) {
      const answer = await ask(url, through);
      if (answer.status === 200) {
        answered++;
        bodies.add(answer.body);
      } else failures.push(`${answer.status} ${answer.body}`);
      if (pauseMs > 0) await wait(pauseMs);
    }
  };
  const all = [...Array(kept).fill(agent), ...Array(fresh).fill(false)].map(keepAsking);
  return {
    get answered() {
      return answered;
    },
    failures,
    get bodies() {
      return [...bodies];
    },
    async stop() {
      stopped = true;
      await Promise.all(all);
      agent.destroy();
    },
  };
}

/** One GET. Status 0 where there was no answer, with the reason as its body. */
export function ask(
  url: string,
  agent: Agent | false = false,
): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve) => {
    const outgoing = request(url, { agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', (error) => resolve({ status: 0, body: error.message }));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
      );
    });
    outgoing.on('error', (error) => resolve({ status: 0, body: error.message }));
    outgoing.end();
  });
}
