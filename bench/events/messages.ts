/** Of the size of a notification about an order. */
const padding = 'x'.repeat(400);

/** A second or more of them: how the first of them begin is measured below. */
export const messagesPerRound = 10_000;
/** In one publish request; so many requests are under way at once. */
export const messagesPerRequest = 100;
export const publishesAtOnce = 4;
/** As many deliveries of a topic as Berth has under way. */
export const deliveriesAtOnce = 16;
export const latencySamples = 100;

export function printData(number: number): string {
  return btoa(`${number} ${padding}`);
}

export function printPublish(from: number, count: number): string {
  const numbers = Array.from({ length: count }, (_, at) => from + at);
  return JSON.stringify({ messages: numbers.map((number) => ({ data: printData(number) })) });
}
