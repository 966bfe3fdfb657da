import type { JobRunState, JobRunTrigger } from '../../core/job-run.ts';
import { printTable } from '../print-table.ts';

/** As the API answers it. */
export interface Run {
  readonly id: string;
  readonly applicationName: string;
  readonly trigger: JobRunTrigger;
  readonly state: JobRunState;
  readonly scheduledFor: string;
  readonly durationMs?: number;
  readonly status?: number;
  readonly reason?: string;
}

export interface RunPage {
  readonly total: number;
  readonly results: readonly Run[];
}

const columns = [
  ...['SCHEDULED FOR', 'APPLICATION', 'TRIGGER', 'STATE', 'TOOK', 'ANSWER', 'RUN'],
] as const;

export function printRuns(runs: readonly Run[]): string {
  if (runs.length === 0) return 'No runs.\n';
  return printTable(columns, runs.map(printRow));
}

function printRow(run: Run): readonly string[] {
  return [
    run.scheduledFor,
    run.applicationName,
    run.trigger,
    run.state,
    run.durationMs === undefined ? '-' : `${(run.durationMs / 1000).toFixed(3)}s`,
    run.status === undefined ? (run.reason ?? '-') : String(run.status),
    run.id,
  ];
}
