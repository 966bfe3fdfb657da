/** How long a poll of the official CLI is answered later at most: less than the minute that proxies wait. */
export const holdMs = 50_000;

/** From a write, or from the end of its pause, to its next read the CLI takes some milliseconds. A person takes longer. */
const promptMs = 1_000;

/**
 * The official CLI 0.0.23 marks every request so. (Its user agent is that of every client made with the same library.)
 */
export function isOfficialCli(correlationId: string | undefined): boolean {
  return correlationId !== undefined && /^commercetools-cli-[0-9a-f]{32}$/.test(correlationId);
}

/**
 * True for a read by which the CLI follows what it has begun, false for a `describe` in between. After the write it reads
 * at once, and again `pauseMs` after each answer; an answer that was held came `holdMs` after its request.
 */
export function isPoll(sinceWriteMs: number, pauseMs: number): boolean {
  return sinceWriteMs % (holdMs + pauseMs) < promptMs;
}
