import { reject } from '../../core/errors.ts';

/** How many streams may be open at the same time. */
export interface StreamSlots {
  /**
   * Dispose of it when the stream has ended.
   * @throws Rejection `TooManyRequests`
   */
  take(client: string): Disposable;
}

export function openStreamSlots(limits: {
  readonly atOnce: number;
  readonly perClient: number;
}): StreamSlots {
  const taken = new Map<string, number>();
  let sum = 0;
  const add = (client: string, change: 1 | -1): void => {
    sum += change;
    const its = (taken.get(client) ?? 0) + change;
    if (its === 0) taken.delete(client);
    else taken.set(client, its);
  };
  return {
    take(client) {
      if ((taken.get(client) ?? 0) >= limits.perClient)
        reject('TooManyRequests', {
          text: `This API client has ${limits.perClient} streams open, which is the most. Close one of them first.`,
        });
      if (sum >= limits.atOnce)
        reject('TooManyRequests', { text: 'Too many streams are open. Try again later.' });
      add(client, 1);
      return { [Symbol.dispose]: () => add(client, -1) };
    },
  };
}
