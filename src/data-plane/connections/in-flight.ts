/** Counts the requests under way, whoever sends them, so that an instance is stopped only when nobody waits for it. */
export interface InFlight {
  /** Returns the way out, to be called once. */
  enter(releaseId: string, instanceId?: string): () => void;
  ofRelease(releaseId: string): number;
  ofInstance(instanceId: string): number;
  /** How many requests an instance has been sent so far. */
  begunAt(instanceId: string): number;
  /** Resolves when no request of the release is under way. */
  drained(releaseId: string): Promise<void>;
  /** Resolves when no request to the instance is under way. */
  drainedInstance(instanceId: string): Promise<void>;
  /** Nothing is sent to the instance any more. */
  forget(instanceId: string): void;
}

interface Count {
  underWay: number;
  begun: number;
  readonly waiting: (() => void)[];
}

export function createInFlight(): InFlight {
  const releases = new Map<string, Count>();
  const instances = new Map<string, Count>();

  const leaveRelease = (releaseId: string, count: Count): void => {
    if (leave(count) === 0) releases.delete(releaseId);
  };
  return {
    enter(releaseId, instanceId) {
      const release = enter(releases, releaseId);
      const instance = instanceId === undefined ? undefined : enter(instances, instanceId);
      let left = false;
      return () => {
        if (left) return;
        left = true;
        if (instance !== undefined) leave(instance);
        leaveRelease(releaseId, release);
      };
    },
    ofRelease: (releaseId) => releases.get(releaseId)?.underWay ?? 0,
    ofInstance: (instanceId) => instances.get(instanceId)?.underWay ?? 0,
    begunAt: (instanceId) => instances.get(instanceId)?.begun ?? 0,
    drained: (releaseId) => drained(releases.get(releaseId)),
    drainedInstance: (instanceId) => drained(instances.get(instanceId)),
    forget: (instanceId) => void instances.delete(instanceId),
  };
}

function enter(counts: Map<string, Count>, key: string): Count {
  const count = counts.get(key) ?? { underWay: 0, begun: 0, waiting: [] };
  counts.set(key, count);
  count.underWay++;
  count.begun++;
  return count;
}

function leave(count: Count): number {
  count.underWay--;
  if (count.underWay === 0) for (const resolve of count.waiting.splice(0)) resolve();
  return count.underWay;
}

async function drained(count: Count | undefined): Promise<void> {
  if (count === undefined || count.underWay === 0) return;
  await new Promise<void>((resolve) => count.waiting.push(resolve));
}
