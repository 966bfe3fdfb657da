/** How many deliveries a topic has under way, so that one topic never takes the place of another. */
export interface Slots {
  free(topic: string): number;
  /** Takes one. `answerLate` frees it before the delivery has ended; `leave` ends it. */
  enter(topic: string): { answerLate(): void; leave(): void };
}

export interface SlotLimits {
  /** Deliveries that are in time. */
  readonly inTime: number;
  /** Those and the ones that are late and still run. */
  readonly inAll: number;
}

export function createSlots(limits: SlotLimits): Slots {
  const inTime = new Map<string, number>();
  const inAll = new Map<string, number>();
  return {
    free: (topic) =>
      Math.min(limits.inTime - (inTime.get(topic) ?? 0), limits.inAll - (inAll.get(topic) ?? 0)),
    enter(topic) {
      const leaveInAll = count(inAll, topic);
      const leaveInTime = count(inTime, topic);
      return {
        answerLate: leaveInTime,
        leave() {
          leaveInTime();
          leaveInAll();
        },
      };
    },
  };
}

/** Counts one more; the returned function takes it back, once. */
function count(counts: Map<string, number>, key: string): () => void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
  let taken = false;
  return () => {
    if (taken) return;
    taken = true;
    const left = (counts.get(key) ?? 1) - 1;
    if (left === 0) counts.delete(key);
    else counts.set(key, left);
  };
}
