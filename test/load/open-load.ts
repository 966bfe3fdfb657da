import { Agent, request } from 'node:http';

/** What is asked for: at a rate, whatever becomes of the requests before. */
export interface LoadShape {
  readonly perSecond: number;
  /** One of so many takes its time. */
  readonly longEvery: number;
  readonly longMs: number;
  /** One of so many is a POST, which nobody may send again. */
  readonly postEvery: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly long: number;
  readonly posts: number;
  /** Each that was not answered as it should be. */
  readonly failures: readonly string[];
  /** Between the request and the whole answer, of those that are short. */
  readonly shortMs: readonly number[];
  /** Bodies of short answers. */
  readonly bodies: ReadonlySet<string>;
}

export interface Load {
  readonly requests: number;
  /** No more requests; what is under way is waited for. */
  stop(): Promise<LoadResult>;
}

const tickMs = 20;

/** Requests to the application of `serverOf`. An open loop: one that is slow does not keep others from being sent. */
export function openLoad(url: string, shape: LoadShape): Load {
  const agent = new Agent({ keepAlive: true });
  const pending = new Set<Promise<void>>();
  const counts = { requests: 0, long: 0, posts: 0 };
  const failures: string[] = [];
  const shortMs: number[] = [];
  const bodies = new Set<string>();
  const startedAt = performance.now();

  const send = async (number: number): Promise<void> => {
    const isLong = number % shape.longEvery === 0;
    const isPost = !isLong && number % shape.postEvery === 0;
    counts.requests += 1;
    if (isLong) counts.long += 1;
    if (isPost) counts.posts += 1;
    const sentAt = performance.now();
    const path = isLong ? `${url}/long?ms=${shape.longMs}` : url;
    const answer = await ask(path, agent, isPost ? `body ${number}` : undefined);
    const ms = performance.now() - sentAt;
    const problem = judge(answer, { number, isLong, isPost });
    if (problem !== undefined) failures.push(`${problem} after ${Math.round(ms)} ms`);
    if (isLong) return;
    shortMs.push(ms);
    if (!isPost) bodies.add(answer.body);
  };
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startedAt) / 1000) * shape.perSecond);
    while (counts.requests < due) {
      const sent = send(counts.requests + 1).finally(() => pending.delete(sent));
      pending.add(sent);
    }
  }, tickMs);

  return {
    get requests() {
      return counts.requests;
    },
    async stop() {
      clearInterval(timer);
      await Promise.all(pending);
      agent.destroy();
      return { ...counts, failures, shortMs, bodies };
    },
  };
}

interface Sent {
  readonly number: number;
  readonly isLong: boolean;
  readonly isPost: boolean;
}

function judge(answer: LoadAnswer, { number, isLong, isPost }: Sent): string | undefined {
  const kind = isLong ? 'long request' : isPost ? 'POST' : 'GET';
  if (answer.status !== 200) return `${kind} ${number}: ${answer.status} ${answer.body}`;
  const isRight = isLong
    ? answer.body.endsWith(' done')
    : !isPost || answer.body === `body ${number}`;
  return isRight ? undefined : `${kind} ${number}: answered ${JSON.stringify(answer.body)}`;
}

interface LoadAnswer {
  readonly status: number;
  readonly body: string;
}

function ask(url: string, agent: Agent, body: string | undefined): Promise<LoadAnswer> {
  return new Promise((resolve) => {
    const fail = (error: Error) => resolve({ status: 0, body: error.message });
    const method = body === undefined ? 'GET' : 'POST';
    const outgoing = request(url, { agent, method }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', fail);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
      );
    });
    outgoing.on('error', fail);
    outgoing.end(body);
  });
}

/** Answers with its value; a POST with its body; `/long?ms=…` bit by bit, and ends with `done`. */
export const loadServer = `
const http = require('node:http');
http.createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  if (request.method === 'POST') return void request.pipe(response);
  if (!pathname.endsWith('/long')) return void response.end(process.env.VALUE);
  const parts = 10;
  let left = parts;
  const timer = setInterval(() => {
    response.write('.');
    left -= 1;
    if (left > 0) return;
    clearInterval(timer);
    response.end(' done');
  }, Number(searchParams.get('ms')) / parts);
}).listen(8080);
`;
