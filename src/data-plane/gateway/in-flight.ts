/** Counts the requests under way, so that an instance is stopped only when nobody waits for it. */
export interface InFlight {
  /** Returns the way out, to be called once. */
  enter(releaseId: string, instanceId?: string): () => void;
  ofRelease(releaseId: string): number;
  ofInstance(instanceId: string): number;
  /** Resolves when no request of the release is under way. */
  drained(releaseId: string): Promise<void>;
}

export function createInFlight(): InFlight {
  const releases = new Map<string, number>();
  const instances = new Map<string, number>();
  const waiting = new Map<string, (() => void)[]>();

  const settle = (releaseId: string): void => {
    const resolves = waiting.get(releaseId) ?? [];
    waiting.delete(releaseId);
    for (const resolve of resolves) resolve();
  };

  return {
    enter(releaseId, instanceId) {
      add(releases, releaseId, 1);
      if (instanceId !== undefined) add(instances, instanceId, 1);
      let left = false;
      return () => {
        if (left) return;
        left = true;
        if (instanceId !== undefined) add(instances, instanceId, -1);
        if (add(releases, releaseId, -1) === 0) settle(releaseId);
      };
    },
    ofRelease: (releaseId) => releases.get(releaseId) ?? 0,
    ofInstance: (instanceId) => instances.get(instanceId) ?? 0,
    drained(releaseId) {
      if (!releases.has(releaseId)) return Promise.resolve();
      return new Promise((resolve) => {
        waiting.set(releaseId, [...(waiting.get(releaseId) ?? []), resolve]);
      });
    },
  };
}

function add(counts: Map<string, number>, key: string, change: 1 | -1): number {
  const count = (counts.get(key) ?? 0) + change;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
  return count;
}
