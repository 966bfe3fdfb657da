import { setTimeout as wait } from 'node:timers/promises';
import type { World } from './world.ts';

/** Publishes messages as long as it runs, and remembers those that were acknowledged. */
export interface Publisher {
  /** Resolves when the last request is over. */
  stop(): Promise<readonly string[]>;
}

const pauseMs = 30;
let count = 0;

export function startPublisher({ planes, known }: World): Publisher {
  const acknowledged: string[] = [];
  let stopped = known === undefined;
  const publish = async (): Promise<void> => {
    while (!stopped) {
      const data = `message ${++count}`;
      const url = `${planes.api}/v1/projects/chaos/topics/${known?.topic}:publish`;
      const body = JSON.stringify({ messages: [{ data: btoa(data) }] });
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(url, {
        method: 'POST',
        headers,
        body,
        signal: AbortSignal.timeout(10_000),
      }).catch(() => undefined);
      if (answer?.status === 200) acknowledged.push(data);
      await answer?.arrayBuffer().catch(() => undefined);
      await wait(pauseMs);
    }
  };
  const running = publish();
  return {
    async stop() {
      stopped = true;
      await running;
      return acknowledged;
    },
  };
}
