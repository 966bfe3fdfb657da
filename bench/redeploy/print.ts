import { type Machine, printMachine } from '../machine.ts';
import { printSummary, summarize } from '../statistics.ts';
import type { Benchmark, Measured, Pair } from './measure.ts';

export interface Report {
  readonly benchmark: Benchmark;
  readonly at: string;
  readonly machine: Machine;
  readonly rounds: number;
  readonly cases: readonly Measured[];
}

const words = {
  redeploy: { title: 'Redeploy', change: 'redeploy with one changed value', goal: '1.5' },
  rollback: { title: 'Rollback', change: 'rollback to the revision before', goal: '1.3' },
};

export function headingOf(benchmark: Benchmark): string {
  return `## ${words[benchmark].title} against a bare start`;
}

/** A table for people, which is Markdown too. */
export function printReport(report: Report): string {
  const { change, goal } = words[report.benchmark];
  return [
    headingOf(report.benchmark),
    '',
    `A ${change}, from the request until the service answers with the new value, and until a`,
    'client that asks every 20 ms sees `Deployed`; against `node` started bare with the same start line and',
    'environment, until it answers. Each change is followed by one bare start; a ratio is that of such a pair. Before each of',
    'both nothing is asked of Berth for 2.5 s.',
    `Times in ms: min / median / max. The goal for the first answer is ${goal}.`,
    '',
    '| Deployment | bare start | first new answer | `Deployed` | ratio: first answer | ratio: `Deployed` |',
    '|---|---|---|---|---|---|',
    ...report.cases.map(printRow),
    '',
    `${report.rounds} counted rounds after a warm-up, ${report.at.slice(0, 10)}, ${printMachine(report.machine)}.`,
    `Run it again with \`npm run bench:${report.benchmark} -- --write\`.`,
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
