import { Agent, type IncomingMessage, request } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { streamParts } from './connector.ts';
import { type Probe, startProbe } from './tally.ts';

export interface RequestProbes {
  readonly probes: readonly Probe[];
  /** The lines that answers brought: each was printed. */
  readonly lines: ReadonlySet<string>;
  readonly values: ReadonlySet<string>;
  stop(): Promise<void>;
}

/** Everything that somebody asks of the service at `url`, all the time. */
export function startRequestProbes(url: string): RequestProbes {
  const agent = new Agent({ keepAlive: true });
  const lines = new Set<string>();
  const values = new Set<string>();
  let bodies = 0;

  const get = (through: Agent | false) => async (): Promise<string | undefined> => {
    const { status, body } = await ask(url, { agent: through });
    if (status !== 200) return `${status} ${body}`;
    const { line, value } = JSON.parse(body);
    lines.add(line);
    values.add(value);
    return undefined;
  };
  const expectBody = async (path: string, expected: string): Promise<string | undefined> => {
    const { status, body } = await ask(`${url}${path}`, { agent });
    return status === 200 && body === expected ? undefined : `${status} ${body}`;
  };
  const post = async (): Promise<string | undefined> => {
    const sent = `body ${++bodies} ${'x'.repeat(10_000)}`;
    const { status, body } = await ask(url, { agent, sent });
    return status === 200 && body === sent ? undefined : `${status} ${body.slice(0, 300)}`;
  };
  const events = Array.from({ length: streamParts }, (_, at) => `data: ${at + 1}\n\n`).join('');
  const probes = [
    startProbe('GET, connection kept', get(agent), { lanes: 2, pauseMs: 50 }),
    startProbe('GET, new connection', get(false), { lanes: 1, pauseMs: 100 }),
    startProbe('POST', post, { lanes: 1, pauseMs: 100 }),
    startProbe('long request', () => expectBody('/long', 'long done'), { lanes: 3, pauseMs: 200 }),
    startProbe('stream', () => expectBody('/stream', events), { lanes: 2, pauseMs: 200 }),
    startProbe('WebSocket', () => talk(url), { lanes: 2, pauseMs: 200 }),
  ];
  return {
    probes,
    lines,
    values,
    async stop() {
      await Promise.all(probes.map((probe) => probe.stop()));
      agent.destroy();
    },
  };
}

export interface Answered {
  readonly status: number;
  readonly body: string;
}

/** @throws where the connection breaks */
export function ask(
  url: string,
  { agent, sent }: { readonly agent: Agent | false; readonly sent?: string },
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const method = sent === undefined ? 'GET' : 'POST';
    const outgoing = request(url, { agent, method }, (response) => {
      response
        .setEncoding('utf8')
        .toArray()
        .then(
          (parts) => resolve({ status: response.statusCode ?? 0, body: parts.join('') }),
          reject,
        );
    });
    outgoing.once('error', reject).end(sent);
  });
}

const words = 10;

/** Every word comes back before the next one is said, for about three seconds. */
async function talk(url: string): Promise<string | undefined> {
  const socket = await shakeHands(url);
  if (typeof socket === 'string') return socket;
  try {
    for (let word = 1; word <= words; word++) {
      const heard = listen(socket);
      socket.write(`word ${word}`);
      const text = await heard;
      if (text !== `word ${word}`) return `word ${word} came back as ${JSON.stringify(text)}`;
      await wait(300);
    }
    return undefined;
  } finally {
    socket.destroy();
  }
}

function shakeHands(url: string): Promise<Duplex | string> {
  return new Promise((resolve, reject) => {
    const headers = { connection: 'Upgrade', upgrade: 'websocket' };
    const outgoing = request(url, { agent: false, headers });
    outgoing.once('upgrade', (_answer: IncomingMessage, socket: Duplex) => resolve(socket));
    outgoing.once('response', (response) => {
      response.resume();
      resolve(`${response.statusCode} instead of 101`);
    });
    outgoing.once('error', reject).end();
  });
}

function listen(socket: Duplex): Promise<string> {
  if (socket.destroyed) return Promise.resolve('close');
  return new Promise((resolve) => {
    socket.once('data', (chunk) => resolve(String(chunk)));
    for (const end of ['error', 'close'] as const) socket.once(end, () => resolve(`${end}`));
  });
}
