import { type Machine, printMachine } from '../machine.ts';
import { printSummary, summarize } from '../statistics.ts';
import type { Measured, Pair } from './measure.ts';

export interface Report {
  readonly benchmark: 'redeploy';
  readonly at: string;
  readonly machine: Machine;
  readonly rounds: number;
  readonly cases: readonly Measured[];
}

export const heading = '## Redeploy against a bare start';

/** A table for people, which is Markdown too. */
export function printReport(report: Report): string {
  return [
    heading,
    '',
    'A redeploy with one changed value, from the request until the service answers with the new value, and until a',
    'client that asks every 20 ms sees `Deployed`; against `node` started bare with the same start line and',
    'environment, until it answers. Each redeploy is followed by one bare start; a ratio is that of such a pair.',
    'Times in ms: min / median / max.',
    '',
    '| Deployment | bare start | first new answer | `Deployed` | ratio: first answer | ratio: `Deployed` |',
    '|---|---|---|---|---|---|',
    ...report.cases.map(printRow),
    '',
    `${report.rounds} counted rounds after a warm-up, ${report.at.slice(0, 10)}, ${printMachine(report.machine)}.`,
    'Run it again with `npm run bench:redeploy -- --write`.',
    '',
  ].join('\n');
}

function printRow({ name, pairs }: Measured): string {
  const ms = (pick: (pair: Pair) => number): string =>
    printSummary(summarize(pairs.map(pick)), (value) => value.toFixed(0));
  const ratio = (pick: (pair: Pair) => number): string =>
    printSummary(summarize(pairs.map((pair) => pick(pair) / pair.bareMs)), (value) =>
      value.toFixed(2),
    );
  const cells = [
    name,
    ms(({ bareMs }) => bareMs),
    ms(({ firstAnswerMs }) => firstAnswerMs),
    ms(({ deployedMs }) => deployedMs),
    ratio(({ firstAnswerMs }) => firstAnswerMs),
    ratio(({ deployedMs }) => deployedMs),
  ];
  return `| ${cells.join(' | ')} |`;
}
