import type { ReportHead } from '../benchmark-command.ts';
import { printMachine } from '../machine.ts';
import { printSummary, summarize } from '../statistics.ts';
import type { Measured, Pair } from './measure.ts';

export const heading = '## The first answer of what sleeps';

/** A table for people, which is Markdown too. */
export function printReport(
  report: ReportHead & { readonly rounds: number; readonly cases: readonly Measured[] },
): string {
  return [
    heading,
    '',
    'One request to an application of which nothing runs, through the gateway, until it is answered; against `node` started',
    'bare with the same start line and environment, asked every 5 ms until it answers. Each is followed by one of the other, and a ratio is',
    'that of such a pair. Before each of both nothing is asked of Berth for 2.5 s. Times in ms: min / median / max. The goal is 1.15.',
    '',
    '| Application | bare start | first answer | ratio |',
    '|---|---|---|---|',
    ...report.cases.map(printRow),
    '',
    `${report.rounds} counted rounds after a warm-up, ${report.at.slice(0, 10)}, ${printMachine(report.machine)}.`,
    'Run it again with `npm run bench:wake -- --write`.',
    '',
  ].join('\n');
}

function printRow({ name, pairs }: Measured): string {
  const of = (pick: (pair: Pair) => number, digits: number): string =>
    printSummary(summarize(pairs.map(pick)), (value) => value.toFixed(digits));
  const cells = [
    name,
    of(({ bareMs }) => bareMs, 0),
    of(({ wakeMs }) => wakeMs, 0),
    of(({ wakeMs, bareMs }) => wakeMs / bareMs, 2),
  ];
  return `| ${cells.join(' | ')} |`;
}
