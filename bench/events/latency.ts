import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { preciseNow } from '../handler/arrivals.ts';
import type { Poster } from '../handler/post.ts';
import { latencySamples, printData, printPublish } from './messages.ts';
import type { Route } from './publisher.ts';

/** In no step with whoever looks every few milliseconds. */
const pauses = [3, 7, 12, 16, 21, 26];

/** One message after another, each published when the one before has arrived. @returns ms from the request to the handler's first byte, of each */
export async function measureLatency(
  poster: Poster,
  { publishUrl, arrivals }: Route,
  from: number,
): Promise<readonly number[]> {
  const sentAt: number[] = [];
  for (let sample = 0; sample < latencySamples; sample++) {
    const body = printPublish(from + sample, 1);
    sentAt.push(preciseNow());
    await poster.post(publishUrl, body);
    await arrivals.reach(from + sample + 1);
    await wait(pauses[sample % pauses.length]);
  }
  return sentAt.map((at, sample) => (arrivals.times.get(from + sample)?.[0] ?? Number.NaN) - at);
}

/** A message committed by the plainest means, and then one request with it. @returns ms of both together, of each */
export async function measureBareLatency(
  poster: Poster,
  { folder, url }: { readonly folder: string; readonly url: string },
): Promise<readonly number[]> {
  const database = new DatabaseSync(join(folder, 'bare.db'));
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    database.exec('CREATE TABLE IF NOT EXISTS message (id INTEGER PRIMARY KEY, data TEXT)');
    const insert = database.prepare('INSERT INTO message (data) VALUES (?)');
    const measured: number[] = [];
    for (let sample = 0; sample < latencySamples; sample++) {
      const data = printData(0);
      const body = JSON.stringify({ message: { data } });
      const startedAt = performance.now();
      insert.run(data);
      await poster.post(url, body);
      measured.push(performance.now() - startedAt);
      await wait(pauses[sample % pauses.length]);
    }
    return measured;
  } finally {
    database.close();
  }
}
