let due: (() => void)[] = [];
let resting: (() => void)[] = [];

/**
 * Calls at the end of this iteration of the event loop, when all has been read that its poll has found, in the order in which it was asked.
 * What is written together is cheaper: whoever gets the first piece is woken for all of them. No call may throw: those behind it would not be called.
 */
export function afterPoll(call: () => void): void {
  due.push(call);
  if (due.length === 1) setImmediate(callDue);
}

/**
 * Calls when everything has been read that had arrived by now: behind the next time that the event loop looks for what has come. Those of
 * one round share what that costs.
 */
export function afterNextPoll(call: () => void): void {
  resting.push(call);
  // Of the two the first comes before the loop looks again, and the second behind that.
  if (resting.length === 1) afterPoll(passOn);
}

function callDue(): void {
  const calls = due;
  due = [];
  callAll(calls);
}

function passOn(): void {
  const calls = resting;
  resting = [];
  setImmediate(callAll, calls);
}

function callAll(calls: readonly (() => void)[]): void {
  for (const call of calls) call();
}
