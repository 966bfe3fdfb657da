/** Runs one round at a time; however often it is asked for meanwhile, one more follows. */
export interface Pump {
  (): void;
  idle(): Promise<void>;
}

export function createPump(round: () => Promise<void>, onError: (error: unknown) => void): Pump {
  let wanted = false;
  let running: Promise<void> | undefined;

  const run = async (): Promise<void> => {
    while (wanted) {
      wanted = false;
      try {
        await round();
      } catch (error) {
        onError(error);
      }
    }
    running = undefined;
  };
  const pump = (): void => {
    wanted = true;
    running ??= run();
  };
  return Object.assign(pump, { idle: async () => running });
}
