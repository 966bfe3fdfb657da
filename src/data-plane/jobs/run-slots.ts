/** Lets so many run at once; the others wait for their turn. */
export interface RunSlots {
  run<Result>(work: () => Promise<Result>): Promise<Result>;
}

export function createRunSlots(count: number): RunSlots {
  const waiting: (() => void)[] = [];
  let free = count;

  const enter = async (): Promise<void> => {
    if (free > 0) free--;
    // The place is handed on by whoever leaves.
    else await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) free++;
    else next();
  };

  return {
    async run(work) {
      await enter();
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };
}
