let waiting: (() => void)[] = [];

/**
 * Calls when everything has been read that had arrived by now: a whole round of the event loop later. Those that come in one round share
 * what that costs.
 */
export function afterNextPoll(call: () => void): void {
  waiting.push(call);
  // The first is over before the loop looks for what has arrived, the second after it.
  if (waiting.length === 1) setImmediate(setImmediate, callAll);
}

function callAll(): void {
  const calls = waiting;
  waiting = [];
  for (const call of calls) call();
}
