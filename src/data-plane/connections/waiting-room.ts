/** Requests for applications of which nothing answers right now: they wait for another route table instead of being refused. */
export interface WaitingRoom {
  /** @returns the way out, or undefined where too many wait already */
  enter(label: string, waiter: Waiter): (() => void) | undefined;
  /** There is a new table. */
  callIn(): void;
  /** There will be none: everybody is late. */
  close(): void;
}

export interface Waiter {
  readonly forMs: number;
  /** Whether there is anything new for it. */
  readonly isOver: () => boolean;
  /** One of the two is called, once. */
  readonly again: () => void;
  readonly late: () => void;
}

interface Seat {
  look(): void;
  turnAway(): void;
}

/** @param limit of those that wait for one application */
export function createWaitingRoom(limit: number): WaitingRoom {
  const rooms = new Map<string, Set<Seat>>();
  const everybody = (): readonly Seat[] => [...rooms.values()].flatMap((room) => [...room]);

  return {
    enter(label, { forMs, isOver, again, late }) {
      const room = rooms.get(label) ?? new Set();
      if (room.size >= limit) return undefined;
      const leave = (): void => {
        clearTimeout(timer);
        room.delete(seat);
        if (room.size === 0 && rooms.get(label) === room) rooms.delete(label);
      };
      const seat: Seat = {
        look() {
          if (!isOver()) return;
          leave();
          again();
        },
        turnAway() {
          leave();
          late();
        },
      };
      const timer = setTimeout(seat.turnAway, forMs);
      rooms.set(label, room.add(seat));
      return leave;
    },
    callIn() {
      for (const seat of everybody()) seat.look();
    },
    close() {
      for (const seat of everybody()) seat.turnAway();
    },
  };
}
