/** How much each application, and all of them together, have on the way to the log store. Counted in characters. */
export interface Room {
  take(application: string, characters: number): void;
  give(application: string, characters: number): void;
  isFor(application: string): boolean;
  /** Resolves when there is room for the application again, or for everybody. */
  wait(application: string): Promise<void>;
  /** Nobody waits any longer. */
  open(): void;
}

export interface RoomLimits {
  readonly ofApplication: number;
  readonly ofAll: number;
}

interface Wait {
  readonly application: string;
  readonly end: () => void;
}

export function createRoom(limits: RoomLimits): Room {
  const held = new Map<string, number>();
  let all = 0;
  let waits: Wait[] = [];
  const isFor = (application: string): boolean =>
    all < limits.ofAll && (held.get(application) ?? 0) < limits.ofApplication;
  const endWaits = (isOver: (wait: Wait) => boolean): void => {
    const over = waits.filter(isOver);
    waits = waits.filter((wait) => !over.includes(wait));
    for (const { end } of over) end();
  };
  return {
    isFor,
    take(application, characters) {
      all += characters;
      held.set(application, (held.get(application) ?? 0) + characters);
    },
    give(application, characters) {
      all -= characters;
      const left = (held.get(application) ?? 0) - characters;
      if (left > 0) held.set(application, left);
      else held.delete(application);
      if (waits.length > 0) endWaits((wait) => isFor(wait.application));
    },
    wait(application) {
      const { promise, resolve } = Promise.withResolvers<void>();
      waits.push({ application, end: resolve });
      return promise;
    },
    open: () => endWaits(() => true),
  };
}
