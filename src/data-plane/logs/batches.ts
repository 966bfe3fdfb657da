import type { CollectedLogs } from '../../ports/log-store.ts';

/** Something on its way to the log store, and how much room it takes. */
export interface Item {
  readonly logs: CollectedLogs;
  readonly characters: number;
}

/** What waits to be brought, in the order in which it came. */
export interface Batches {
  add(item: Item): void;
  readonly isEmpty: boolean;
  /** There is a whole batch. */
  readonly isFull: boolean;
  /** A batch, or what there is. */
  take(): readonly Item[];
}

const batchCharacters = 2 * 1024 * 1024;

export function createBatches(): Batches {
  let items: Item[] = [];
  let characters = 0;
  return {
    add(item) {
      items.push(item);
      characters += item.characters;
    },
    get isEmpty() {
      return items.length === 0;
    },
    get isFull() {
      return characters >= batchCharacters;
    },
    take() {
      let taken = 0;
      const last = items.findIndex((item) => {
        taken += item.characters;
        return taken >= batchCharacters;
      });
      const batch = last < 0 ? items : items.slice(0, last + 1);
      items = items.slice(batch.length);
      characters -= taken;
      return batch;
    },
  };
}
