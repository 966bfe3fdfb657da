import { z } from 'zod';
import { checkSchedule } from './connect-spec-schedule.ts';

/** The same rule for an override as for `connect.yaml` (contract §10, row 31), blanks around it included. */
export const scheduleSchema = z
  .string()
  .superRefine((text, context) => {
    const mistake = checkSchedule(text);
    if (mistake !== undefined) context.addIssue({ code: 'custom', message: mistake });
  })
  .transform((text) => text.trim());
