/** How many requests may wait at the same time. */
export interface WaitSlots {
  /** Undefined where all are taken. Dispose of it when the waiting is over. */
  take(): Disposable | undefined;
}

export function openWaitSlots(limit: number): WaitSlots {
  let taken = 0;
  return {
    take() {
      if (taken >= limit) return undefined;
      taken += 1;
      return {
        [Symbol.dispose]: () => {
          taken -= 1;
        },
      };
    },
  };
}
