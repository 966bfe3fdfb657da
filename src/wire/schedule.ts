import { Cron } from 'croner';
import { z } from 'zod';

const aliases = /^@(annually|yearly|monthly|weekly|daily|hourly|reboot)$/;
const every = /^@every (\d{1,12}(ns|us|µs|ms|s|m|h)){1,7}$/;

/** Contract §10, row 31: aliases, `@every`, or 5 to 7 cron fields that can come true. */
export function isSchedule(text: string): boolean {
  if (text.length > 256) return false;
  if (aliases.test(text) || every.test(text)) return true;
  if (!/^[\d*/, -]+$/.test(text)) return false;
  const fields = text.trim().split(/ +/).length;
  if (fields < 5 || fields > 7) return false;
  try {
    return new Cron(text, { paused: true, timezone: 'UTC' }).nextRun() !== null;
  } catch {
    // croner says by an exception that it cannot read the fields.
    return false;
  }
}

export const scheduleSchema = z
  .string()
  .refine(
    isSchedule,
    'Must be a cron expression with 5 fields, an alias such as @daily, or "@every 10m"',
  );
