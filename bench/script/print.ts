import type { ReportHead } from '../benchmark-command.ts';
import { printMachine } from '../machine.ts';
import { printSummary, summarize } from '../statistics.ts';
import type { Measured, Run } from './measure.ts';

export interface Report extends ReportHead {
  readonly measured: readonly Measured[];
}

export const heading = '## Scripts against their last command';

/** A table for people, which is Markdown too. */
export function printReport({ measured, at, machine }: Report): string {
  return [
    heading,
    '',
    'A `postDeploy` script of a TypeScript service with express and the platform’s client: the step of the redeploy that runs it, from the',
    'request for its folder until its report, against the last command alone, bare, in a folder that is installed and built; beside it the',
    'whole line, bare, in the same folder. In ms: min / median / max. The goal is 2.5 for the first line.',
    '',
    '| Script | last command, bare | the whole line, bare | Berth | ratio to the last command | ratio to the line |',
    '|---|---|---|---|---|---|',
    ...measured.map(printRow),
    '',
    `${measured[0]?.runs.length ?? 0} counted rounds after a warm-up, ${at.slice(0, 10)}, ${printMachine(machine)}.`,
    'Run it again with `npm run bench:script -- --write`.',
    '',
  ].join('\n');
}

function printRow({ line, runs }: Measured): string {
  const ms = (pick: (run: Run) => number): string =>
    printSummary(summarize(runs.map(pick)), (value) => value.toFixed(0));
  const ratio = (pick: (run: Run) => number): string =>
    printSummary(summarize(runs.map(pick)), (value) => value.toFixed(2));
  const cells = [
    `\`${line}\``,
    ms(({ bareLastMs }) => bareLastMs),
    ms(({ bareLineMs }) => bareLineMs),
    ms(({ berthMs }) => berthMs),
    ratio(({ berthMs, bareLastMs }) => berthMs / bareLastMs),
    ratio(({ berthMs, bareLineMs }) => berthMs / bareLineMs),
  ];
  return `| ${cells.join(' | ')} |`;
}
