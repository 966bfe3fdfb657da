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

interface Connection {
  readonly raw: ServerResponse;
  readonly times: StreamTimes;
  /** Aborted with why the stream ends. */
  readonly parting: AbortController;
  /** How far the client has been told. */
  id?: string | undefined;
}

interface Given {
  readonly times: StreamTimes;
  /** Fires when the client has gone or the server stops. */
  readonly signal: AbortSignal;
  readonly isAllowed: () => Promise<boolean>;
  readonly onError: (error: unknown) => void;
}

/**
 * Sends what the looks find until the stream ends or something ends it. What waits to be sent is one event at most: nobody
 * looks further while the client does not take it.
 */
export async function sendEvents(
  raw: ServerResponse,
  stream: EventStream,
  given: Given,
): Promise<void> {
  const { times } = given;
  const connection: Connection = { raw, times, parting: new AbortController(), id: stream.id };
  using _watched = watchOver(connection, given);
  try {
    await write(connection, printRetry(retryMs) + printSign('open', stream.id));
    await sendLooks(connection, stream);
  } catch (error) {
    fail(connection, given, error);
  }
  hangUp(connection);
}

async function sendLooks(connection: Connection, { watch, look }: EventStream): Promise<void> {
  const { signal } = connection.parting;
  using hints = hearHints(watch, { signal, pauseMs, pollMs });
  while (!signal.aborted) {
    const { events, id, isMore = false, isEnd = false } = await look();
    for (const event of events) {
      if (signal.aborted) return;
      connection.id = event.id ?? connection.id;
      await write(connection, printEvent(event));
    }
    connection.id = id ?? connection.id;
    if (isEnd) return;
    if (!isMore) await hints.next();
  }
}

/** Resolves when the client has taken it, or something ends the stream. */
async function write(connection: Connection, text: string): Promise<void> {
  const { raw, times, parting } = connection;
  if (raw.destroyed || raw.write(text)) return;
  const patience = startNap(times.stalledMs, parting.signal);
  raw.once('drain', patience.end);
  await patience.ended;
  raw.off('drain', patience.end);
  if (raw.writableNeedDrain) part(connection, 'slow');
}

/** Everything that happens beside the looks. */
function watchOver(connection: Connection, given: Given): Disposable {
  const { raw, times } = connection;
  const { signal, isAllowed } = given;
  const stop = (): void => part(connection, 'stopping');
  const beat = (): void => {
    // A client that takes nothing needs no sign of life, and must not collect them.
    if (!raw.writableNeedDrain) raw.write(printSign('still here', connection.id));
  };
  const recheck = (): void => {
    isAllowed().then(
      (is) => is || part(connection, 'refused'),
      (error: unknown) => fail(connection, given, error),
    );
  };
  const timers = [
    setInterval(beat, times.heartbeatMs),
    setInterval(recheck, times.recheckMs),
    setTimeout(() => part(connection, 'old'), times.lifetimeMs),
  ];
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  return {
    [Symbol.dispose]() {
      for (const timer of timers) clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    },
  };
}

/** The first reason is the one that is told. */
function part({ parting }: Connection, why: Parting): void {
  parting.abort(why);
}

/** What fails because the stream ends is no news. */
function fail(connection: Connection, { onError }: Given, error: unknown): void {
  if (connection.parting.signal.aborted) return;
  onError(error);
  part(connection, 'failed');
}

function hangUp({ raw, parting: { signal }, id }: Connection): void {
  if (raw.destroyed) return;
  const timer = setTimeout(() => raw.destroy(), partingMs);
  raw.once('close', () => clearTimeout(timer));
  raw.end(signal.aborted ? printSign(partings[signal.reason as Parting], id) : '');
}
