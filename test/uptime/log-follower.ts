import type { Berth } from '../support/berth.ts';
import { type EventStreamClient, openEventStream } from '../support/event-stream.ts';
import { pause } from './tally.ts';

export interface LogFollower {
  readonly lines: ReadonlySet<string>;
  /** How often a line came again. */
  readonly repeated: number;
  readonly reconnects: number;
  stop(): Promise<void>;
}

/** Follows the log of a Deployment, and goes on behind what it has wherever its stream ends. Resolves when it follows. */
export async function followLog(berth: Berth, deploymentId: string): Promise<LogFollower> {
  const url = `${berth.api}/${berth.projectKey}/deployments/${deploymentId}/logs/stream`;
  const authorization = `Bearer ${await berth.token()}`;
  const lines = new Set<string>();
  const stopped = new AbortController();
  let repeated = 0;
  let reconnects = 0;
  let lastEventId = '';

  const open = () =>
    openEventStream(url, {
      authorization,
      ...(lastEventId === '' ? {} : { 'last-event-id': lastEventId }),
    });
  const take = async (stream: EventStreamClient): Promise<void> => {
    let read = 0;
    const abort = (): void => stream[Symbol.dispose]();
    stopped.signal.addEventListener('abort', abort, { once: true });
    while (await hasMore(stream, read)) {
      for (const { data } of stream.events.slice(read)) {
        const message: unknown = data?.details?.message;
        if (typeof message !== 'string' || !message.startsWith('line ')) continue;
        if (lines.has(message)) repeated += 1;
        lines.add(message);
      }
      read = stream.events.length;
      lastEventId = stream.lastEventId;
    }
    stopped.signal.removeEventListener('abort', abort);
  };
  const follow = async (first: EventStreamClient): Promise<void> => {
    let stream: EventStreamClient | undefined = first;
    while (!stopped.signal.aborted) {
      if (stream !== undefined) await take(stream);
      await pause(100, stopped.signal);
      // The API may be away.
      stream = await open().catch(() => undefined);
      if (stream !== undefined) reconnects += 1;
      if (stopped.signal.aborted) stream?.[Symbol.dispose]();
    }
  };
  const following = follow(await open());
  return {
    lines,
    get repeated() {
      return repeated;
    },
    get reconnects() {
      return reconnects;
    },
    async stop() {
      stopped.abort();
      await following;
    },
  };
}

/** Resolves when there is more than `read`, or with false when the stream has ended. */
async function hasMore(stream: EventStreamClient, read: number): Promise<boolean> {
  try {
    await stream.count(read + 1);
    return true;
  } catch {
    return false;
  }
}
