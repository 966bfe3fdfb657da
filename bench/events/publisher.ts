import { type Arrivals, preciseNow } from '../handler/arrivals.ts';
import { inParallel, type Poster } from '../handler/post.ts';
import { messagesPerRequest, messagesPerRound, printPublish, publishesAtOnce } from './messages.ts';

/** Where messages go in, and where it is seen that they came out. */
export interface Route {
  readonly publishUrl: string;
  readonly arrivals: Arrivals;
}

/** Publishes a round's messages, numbered from `from`. @returns messages/s from the first request until the last has arrived */
export async function measureThroughput(
  poster: Poster,
  { publishUrl, arrivals }: Route,
  from: number,
): Promise<number> {
  const requests = messagesPerRound / messagesPerRequest;
  const startedAt = preciseNow();
  await inParallel(requests, publishesAtOnce, (number) => {
    const body = printPublish(from + number * messagesPerRequest, messagesPerRequest);
    return poster.post(publishUrl, body);
  });
  await arrivals.reach(from + messagesPerRound);
  return (messagesPerRound * 1000) / (arrivals.last - startedAt);
}
