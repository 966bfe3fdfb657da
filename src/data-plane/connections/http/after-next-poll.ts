let resting: (() => void)[] = [];

/**
 * Calls when everything has been read that had arrived by now: behind the next time that the event loop looks for what has come. Those of
 * one round share what that costs.
 */
export function afterNextPoll(call: () => void): void {
  resting.push(call);
  // Of the two the first comes before the loop looks again, and the second behind that.
  if (resting.length === 1) setImmediate(passOn);
}

function passOn(): void {
  const calls = resting;
  resting = [];
  setImmediate(callAll, calls);
}

function callAll(calls: readonly (() => void)[]): void {
  for (const call of calls) call();
}
