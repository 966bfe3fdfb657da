import type { ServerResponse } from 'node:http';
import { printEvent, printRetry, printSign } from '../../wire/server-sent-event.ts';
import { hearHints } from '../waiting/hear-hints.ts';
import { startNap } from '../waiting/nap.ts';
import type { EventStream } from './event-stream.ts';

export interface StreamTimes {
  /** Something is sent this often, so that nothing in between takes the connection for dead. */
  readonly heartbeatMs: number;
  /** After this the client has to come back. */
  readonly lifetimeMs: number;
  /** Who takes nothing for so long is dropped. */
  readonly stalledMs: number;
  /** How often it is asked whether the client may still see this. */
  readonly recheckMs: number;
}

const retryMs = 1000;
const pauseMs = 100;
const pollMs = 2000;
/** For the last bytes to leave. */
const partingMs = 1000;

/** Why a stream ends though there may be more. The client reads it as a comment, and can come back. */
const partings = {
  stopping: 'Berth is stopping. Come back with Last-Event-ID.',
  old: 'This stream has been open long enough. Come back with Last-Event-ID.',
  refused: 'The access token is not valid any more.',
  slow: 'Nothing was read for too long. Come back with Last-Event-ID.',
  failed: 'Internal error. The log of Berth says more.',
} as const;
type Parting = keyof typeof partings;

/**
 * Sends what the looks find until the stream ends or something ends it. What waits to be sent is one event at most: nobody
 * looks further while the client does not take it.
 */
export async function sendEvents(
  raw: ServerResponse,
  stream: EventStream,
  given: {
    readonly times: StreamTimes;
    /** Fires when the client has gone or the server stops. */
    readonly signal: AbortSignal;
    readonly isAllowed: () => Promise<boolean>;
    readonly onError: (error: unknown) => void;
  },
): Promise<void> {
  const { times, signal } = given;
  const parting = new AbortController();
  const part = (why: Parting): void => parting.abort(why);
  const fail = (error: unknown): void => {
    if (parting.signal.aborted) return;
    given.onError(error);
    part('failed');
  };
  const stop = (): void => part('stopping');
  const position: { id?: string } = stream.id === undefined ? {} : { id: stream.id };
  const beat = (): void => {
    // A client that takes nothing needs no sign of life, and must not collect them.
    if (!raw.writableNeedDrain) raw.write(printSign('still here', position.id));
  };
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  const timers = [
    setInterval(beat, times.heartbeatMs),
    setTimeout(part, times.lifetimeMs, 'old'),
    setInterval(() => {
      given.isAllowed().then((isAllowed) => isAllowed || part('refused'), fail);
    }, times.recheckMs),
  ];
  try {
    const write = (text: string) => writeOrPart(raw, text, { times, part, signal: parting.signal });
    await write(printRetry(retryMs) + printSign('open', position.id));
    await sendLooks(stream, write, position, parting.signal);
  } catch (error) {
    fail(error);
  }
  for (const timer of timers) clearTimeout(timer);
  signal.removeEventListener('abort', stop);
  const why = parting.signal.aborted ? (parting.signal.reason as Parting) : undefined;
  hangUp(raw, why === undefined ? '' : printSign(partings[why], position.id));
}

async function sendLooks(
  { watch, look }: EventStream,
  write: (text: string) => Promise<void>,
  position: { id?: string },
  signal: AbortSignal,
): Promise<void> {
  using hints = hearHints(watch, { signal, pauseMs, pollMs });
  while (!signal.aborted) {
    const { events, id, isMore = false, isEnd = false } = await look();
    for (const event of events) {
      if (signal.aborted) return;
      if (event.id !== undefined) position.id = event.id;
      await write(printEvent(event));
    }
    if (id !== undefined) position.id = id;
    if (isEnd) return;
    if (!isMore) await hints.next();
  }
}

async function writeOrPart(
  raw: ServerResponse,
  text: string,
  {
    times,
    part,
    signal,
  }: {
    readonly times: StreamTimes;
    readonly part: (why: Parting) => void;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  if (raw.destroyed || raw.write(text)) return;
  const patience = startNap(times.stalledMs, signal);
  raw.once('drain', patience.end);
  await patience.ended;
  raw.off('drain', patience.end);
  if (raw.writableNeedDrain) part('slow');
}

function hangUp(raw: ServerResponse, text: string): void {
  if (raw.destroyed) return;
  const timer = setTimeout(() => raw.destroy(), partingMs);
  raw.once('close', () => clearTimeout(timer));
  raw.end(text);
}
