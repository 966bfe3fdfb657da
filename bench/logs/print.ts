import type { ReportHead } from '../benchmark-command.ts';
import { printMachine } from '../machine.ts';
import { printSummary, summarize } from '../statistics.ts';
import { lineCount } from './lines.ts';
import type { Measured, Pair } from './measure.ts';

export interface Report extends ReportHead {
  readonly cases: readonly Measured[];
}

export const heading = '## Log intake against `cat`';

/** A table for people, which is Markdown too. */
export function printReport({ cases, at, machine }: Report): string {
  return [
    heading,
    '',
    `An application prints ${lineCount.toLocaleString('en')} lines as fast as it can, half of them JSON, 120 to 300 bytes each: from its start until all are in the`,
    'log store, to be had by time, severity and application; against the same program whose output goes through a pipe into `cat`, and from there into',
    "a file. What is then still to be brought from memory or a log to its place, in SQLite's file as in `cat`'s, is in neither. Each run into Berth",
    'follows one into a file. In thousands of lines a second: min / median / max. The goal is 0.3, and no line lost.',
    '',
    '| Application | `cat` into a file | Berth | ratio | lost |',
    '|---|---|---|---|---|',
    ...cases.map(printRow),
    '',
    `${cases[0]?.pairs.length ?? 0} counted rounds after a warm-up, ${at.slice(0, 10)}, ${printMachine(machine)}.`,
    'Run it again with `npm run bench:logs -- --write`.',
    '',
  ].join('\n');
}

function printRow({ name, pairs }: Measured): string {
  const perSecond = (pick: (pair: Pair) => number): string =>
    printSummary(summarize(pairs.map((pair) => lineCount / pick(pair))), (value) =>
      value.toFixed(0),
    );
  const cells = [
    name,
    perSecond(({ catMs }) => catMs),
    perSecond(({ berthMs }) => berthMs),
    printSummary(summarize(pairs.map(({ catMs, berthMs }) => catMs / berthMs)), (value) =>
      value.toFixed(2),
    ),
    String(pairs.reduce((sum, { lost }) => sum + lost, 0)),
  ];
  return `| ${cells.join(' | ')} |`;
}
