import type { ReportHead } from '../benchmark-command.ts';
import { printMachine } from '../machine.ts';
import { printSummary, summarize } from '../statistics.ts';
import { jobs, type Measured, type Round } from './measure.ts';

export type Report = ReportHead & Measured;

export const heading = '## Jobs that are due in the same minute';

/** A table for people, which is Markdown too. */
export function printReport({ rounds, at, machine }: Report): string {
  const cell = (pick: (round: Round) => number): string =>
    printSummary(summarize(rounds.map(pick)), (value) => value.toFixed(0));
  const cells = [
    cell(({ p50 }) => p50),
    cell(({ p99 }) => p99),
    cell(({ max }) => max),
    cell(({ lost }) => lost),
    cell(({ twice }) => twice),
  ];
  return [
    heading,
    '',
    `${jobs} jobs with the schedule \`* * * * *\`: the scheduler of the data plane, which claims each tick in a SQLite store, and a handler that`,
    'answers at once, in a process of its own, at a socket, as applications with networks of their own. Each run has a connection of its own. The',
    'scheduler’s clock is set ahead so that the next full minute is near. Lateness from the minute to the first byte at the handler, in ms; lost: never',
    'called; twice: called more than once. min / median / max of the rounds.',
    'The goal is a p99 of 1000, none lost, none twice.',
    '',
    '| lateness p50 | p99 | max | lost | twice |',
    '|---|---|---|---|---|',
    `| ${cells.join(' | ')} |`,
    '',
    `${rounds.length} counted rounds after a warm-up, ${at.slice(0, 10)}, ${printMachine(machine)}.`,
    'Run it again with `npm run bench:jobs -- --write`.',
    '',
  ].join('\n');
}
