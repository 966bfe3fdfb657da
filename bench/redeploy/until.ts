import { setTimeout as wait } from 'node:timers/promises';

/** Often enough to see a difference, seldom enough to leave the machine to what is being measured. */
export const answerPollMs = 5;
export const statusPollMs = 20;
const timeoutMs = 60_000;

/** Asks until there is an answer. @returns the time of the answer, as `performance.now()` has it */
export async function until<T>(
  awaited: string,
  pollMs: number,
  ask: () => Promise<T | undefined>,
): Promise<{ readonly at: number; readonly answer: T }> {
  const deadline = performance.now() + timeoutMs;
  while (true) {
    const answer = await ask();
    const at = performance.now();
    if (answer !== undefined) return { at, answer };
    if (at > deadline) throw new Error(`${awaited}: not within ${timeoutMs / 1000} s`);
    await wait(pollMs);
  }
}

/** The body, or undefined while nothing answers with 200. */
export async function bodyOf(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(url);
    const text = await response.text();
    return response.status === 200 ? text : undefined;
  } catch {
    // It does not listen yet: that is what is being waited for.
    return undefined;
  }
}
