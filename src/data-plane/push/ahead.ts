import type { ClaimedMessage } from '../../ports/event-broker.ts';

/**
 * Messages that were claimed before there is a slot for them. A claim is a commit, and where deliveries are quick it is a good
 * part of their cost: so many come with it as will be delivered in a moment.
 */
export interface Ahead {
  /** How many of the topic are to be held now. */
  wanted(topic: string): number;
  held(topic: string): number;
  hold(message: ClaimedMessage): void;
  /** Of all topics. */
  readonly isEmpty: boolean;
  /** The one that is held longest. */
  next(topic: string): ClaimedMessage | undefined;
  /** A delivery has ended: by that it is known how quick they are. */
  ended(topic: string): void;
  /** What is held of other topics is held no longer. */
  keep(topics: ReadonlySet<string>): readonly ClaimedMessage[];
  /** All of each topic whose first has been held for too long. */
  takeOverdue(): readonly ClaimedMessage[];
}

interface Line {
  held: Held[];
  /** Between the ends of two deliveries, about. ms */
  gapMs: number;
  endedAt: number;
}

interface Held {
  readonly message: ClaimedMessage;
  readonly since: number;
}

/** As many as end within this are held. Of what is slower than that nothing is. */
const spanMs = 20;
const mostHeld = 96;
/** Of all topics together, in characters: handlers of large messages may be quick, too. */
const mostCharacters = 32 * 1024 * 1024;
/** How much of the pace the last delivery says. */
const weight = 0.1;
/** Ten times the span: the application has become slow, and another one may have them. */
export const overdueMs = 200;

/** @param slots of each topic: so many deliveries that were begun together end together, however slow they are */
export function createAhead(now: () => number, slots: number): Ahead {
  const lines = new Map<string, Line>();
  let characters = 0;
  let count = 0;

  const lineOf = (topic: string): Line => {
    const line = lines.get(topic) ?? { held: [], gapMs: spanMs, endedAt: now() };
    lines.set(topic, line);
    return line;
  };
  const release = (held: readonly Held[]): readonly ClaimedMessage[] => {
    for (const { message } of held) characters -= message.data.length;
    count -= held.length;
    return held.map(({ message }) => message);
  };
  const empty = (line: Line): readonly ClaimedMessage[] => release(line.held.splice(0));

  return {
    wanted(topic) {
      const line = lines.get(topic);
      // Of a topic that rests nobody knows how quick it is.
      if (line === undefined || now() - line.endedAt > spanMs || characters > mostCharacters)
        return 0;
      return Math.max(0, Math.min(mostHeld, Math.round(spanMs / line.gapMs) - 1));
    },
    held: (topic) => lines.get(topic)?.held.length ?? 0,
    hold(message) {
      characters += message.data.length;
      count += 1;
      lineOf(message.topic).held.push({ message, since: now() });
    },
    get isEmpty() {
      return count === 0;
    },
    next(topic) {
      const first = lines.get(topic)?.held.shift();
      return first === undefined ? undefined : release([first])[0];
    },
    ended(topic) {
      const line = lineOf(topic);
      const at = now();
      const gapMs = Math.min(at - line.endedAt, slots * spanMs);
      line.gapMs += weight * (gapMs - line.gapMs);
      line.endedAt = at;
    },
    keep(topics) {
      const others = [...lines].filter(([topic]) => !topics.has(topic));
      for (const [topic] of others) lines.delete(topic);
      return others.flatMap(([, line]) => empty(line));
    },
    takeOverdue() {
      const since = now() - overdueMs;
      const overdue = [...lines.values()].filter(
        ({ held: [first] }) => first && first.since <= since,
      );
      return overdue.flatMap(empty);
    },
  };
}
