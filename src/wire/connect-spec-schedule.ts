import { Cron } from 'croner';
import { cronOptions, parseEvery, scheduleAliases } from '../core/schedule.ts';

const unreadable =
  "Please provide a valid cron schedule string following the specified format. For example, for daily, you can use '@daily' or the cron expression '0 0 * * *'.";

const maxCharacters = 256;

/**
 * Connect itself asks for no more than five numeric fields in a row, anywhere in the text. What it refuses Berth
 * refuses too, so that a connector which validates here validates there; the real check comes after it.
 */
const fiveFields = /(?:(?:\d(?:,\d+)*|[\d*][/-]\d|\*) ?){5}/;

/** What is wrong with a job's schedule, or undefined where it can be run. */
export function checkSchedule(schedule: string): string | undefined {
  const text = schedule.trim();
  if (text.length > maxCharacters) return unreadable;
  if (text.startsWith('@')) return isNamed(text) ? undefined : unreadable;
  return fiveFields.test(text) ? checkCron(text) : unreadable;
}

function isNamed(text: string): boolean {
  return scheduleAliases.has(text) || parseEvery(text) !== undefined;
}

function checkCron(text: string): string | undefined {
  try {
    // A fixed start: whether a document is valid must not depend on the day it is read.
    const first = new Cron(text, cronOptions).nextRun(new Date(0));
    return first === null ? `The schedule '${text}' names a date that does not exist` : undefined;
  } catch (error) {
    return `The schedule '${text}' is not a cron line: ${reasonOf(error)}`;
  }
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^CronPattern: /, '');
}
