/** Requests for applications of which nothing answers right now: they wait for another route table instead of being refused. */
export interface WaitingRoom {
  /** @returns the way out; or why there is none */
  enter(label: string, waiter: Waiter): (() => void) | 'full' | 'closed';
  /** There is a new table. */
  callIn(): void;
  /** There will be none: whoever waits is turned away, and so is whoever comes. */
  close(): void;
}

export interface Waiter {
  readonly forMs: number;
  /** Whether there is anything new for it. */
  readonly isOver: () => boolean;
  /** There is nothing new yet, and it still waits. */
  readonly still: () => void;
  /** One of the two is called, once. */
  readonly again: () => void;
  readonly turnedAway: (why: 'late' | 'closed') => void;
}

interface Seat {
  look(): void;
  turnAway(why: 'late' | 'closed'): void;
}

/** @param limit of those that wait for one application */
export function createWaitingRoom(limit: number): WaitingRoom {
  const rooms = new Map<string, Set<Seat>>();
  const everybody = (): readonly Seat[] => [...rooms.values()].flatMap((room) => [...room]);
  let isClosed = false;

  return {
    enter(label, { forMs, isOver, still, again, turnedAway }) {
      if (isClosed) return 'closed';
      const room = rooms.get(label) ?? new Set();
      if (room.size >= limit) return 'full';
      const leave = (): void => {
        clearTimeout(timer);
        room.delete(seat);
        if (room.size === 0 && rooms.get(label) === room) rooms.delete(label);
      };
      const seat: Seat = {
        look() {
          if (!isOver()) {
            still();
            return;
          }
          leave();
          again();
        },
        turnAway(why) {
          leave();
          turnedAway(why);
        },
      };
      const timer = setTimeout(() => seat.turnAway('late'), forMs);
      rooms.set(label, room.add(seat));
      return leave;
    },
    callIn() {
      for (const seat of everybody()) seat.look();
    },
    close() {
      isClosed = true;
      for (const seat of everybody()) seat.turnAway('closed');
    },
  };
}
