import { type IncomingMessage, request } from 'node:http';

export interface StreamEvent {
  readonly event: string;
  /** Only where it has one of its own. */
  readonly id?: string;
  // Tests look into events of every shape.
  // biome-ignore lint/suspicious/noExplicitAny: an event is whatever the server sent
  readonly data: any;
}

/** A client of a `text/event-stream`, as the HTML standard has it. */
export interface EventStreamClient extends Disposable {
  readonly response: IncomingMessage;
  readonly events: readonly StreamEvent[];
  readonly comments: readonly string[];
  /** What it would say in `Last-Event-ID`. */
  readonly lastEventId: string;
  /** Resolves when the server has ended it. */
  readonly ended: Promise<void>;
  /** Resolves with the events when there are that many. */
  count(events: number): Promise<readonly StreamEvent[]>;
  /** Stops reading, as a slow client does. */
  pause(): void;
  resume(): void;
  /** Goes away. */
  [Symbol.dispose](): void;
}

/** Resolves when the stream is open, which is when what comes from then on is in it. */
export async function openEventStream(
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<EventStreamClient> {
  const response = await send(url, headers);
  if (!response.headers['content-type']?.startsWith('text/event-stream')) {
    response.setEncoding('utf8');
    const chunks = await response.toArray();
    throw new Error(`No stream: ${response.statusCode} ${chunks.join('')}`);
  }
  const reader = readEvents();
  const listeners = new Set<() => void>();
  const ended = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  response.setEncoding('utf8');
  response.on('data', (text: string) => {
    reader.read(text);
    opened.resolve();
    for (const listener of [...listeners]) listener();
  });
  response.on('close', () => ended.resolve());
  response.on('error', () => ended.resolve());
  await Promise.race([opened.promise, ended.promise]);
  return {
    response,
    events: reader.events,
    comments: reader.comments,
    get lastEventId() {
      return reader.lastEventId();
    },
    ended: ended.promise,
    async count(number) {
      while (reader.events.length < number) {
        const { promise, resolve } = Promise.withResolvers<void>();
        listeners.add(resolve);
        const isOver = await Promise.race([promise, ended.promise.then(() => true)]);
        listeners.delete(resolve);
        if (isOver === true && reader.events.length < number)
          throw new Error(`The stream ended after ${reader.events.length} of ${number} events`);
      }
      return reader.events;
    },
    pause: () => void response.pause(),
    resume: () => void response.resume(),
    [Symbol.dispose]: () => void response.destroy(),
  };
}

function send(url: string, headers: Readonly<Record<string, string>>): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers, agent: false }, resolve);
    sent.on('error', reject);
    sent.end();
  });
}

/** What a text of events says, as far as it is complete. */
export function parseEvents(text: string): readonly StreamEvent[] {
  const reader = readEvents();
  reader.read(text);
  return reader.events;
}

function readEvents() {
  const events: StreamEvent[] = [];
  const comments: string[] = [];
  let lastEventId = '';
  let rest = '';
  const readBlock = (block: string): void => {
    const fields = new Map<string, string>();
    for (const line of block.split('\n')) {
      const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
      if (name === '') comments.push(value);
      else fields.set(name, value);
    }
    const id = fields.get('id');
    if (id !== undefined) lastEventId = id;
    const data = fields.get('data');
    if (data === undefined) return;
    const event = fields.get('event') ?? 'message';
    events.push({ event, ...(id === undefined ? {} : { id }), data: JSON.parse(data) });
  };
  return {
    events,
    comments,
    lastEventId: () => lastEventId,
    read(text: string) {
      const blocks = (rest + text).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) readBlock(block);
    },
  };
}
