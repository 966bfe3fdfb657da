import { z } from 'zod';
import { missedRunPolicies, overlapPolicies } from '../core/job-run.ts';
import { checkSchedule } from './connect-spec-schedule.ts';

/** The same rule for an override as for `connect.yaml` (contract §10, row 31), blanks around it included. */
export const scheduleSchema = z
  .string()
  .superRefine((text, context) => {
    const mistake = checkSchedule(text);
    if (mistake !== undefined) context.addIssue({ code: 'custom', message: mistake });
  })
  .transform((text) => text.trim());

/** Berth's own, of job applications; `connect.yaml` has no place for them. */
export const runPoliciesFields = {
  overlapPolicy: z.enum(overlapPolicies).exactOptional().meta({
    description:
      'What becomes of a run that is due while another one is under way: it runs beside it (`allow`, unless given), it is skipped (`forbid`), or the other one is given up (`replace`).',
  }),
  missedRuns: z.enum(missedRunPolicies).exactOptional().meta({
    description:
      'What becomes of times that passed while Berth did not run: nothing (`skip`, unless given), or one run for all of them (`once`).',
  }),
};
