import type { ReportHead } from '../benchmark-command.ts';
import { printMachine } from '../machine.ts';
import { printSummary, summarize } from '../statistics.ts';
import { type Pair, paths, type Round } from './measure.ts';

export interface Report extends ReportHead {
  readonly rounds: readonly Round[];
}

export const heading = '## Deployments against the bare commands';

const goals: Readonly<Record<(typeof paths)[number], string>> = {
  'first deployment, empty caches': '1.05',
  'only source changed': '0.35',
  'new tag, applications untouched': '0.05',
  'nothing changed': '',
};

/** A table for people, which is Markdown too. */
export function printReport({ rounds, at, machine }: Report): string {
  return [
    heading,
    '',
    'Two TypeScript services, each with express, the platform’s client and a lockfile: from the request for a preview of the tag until the',
    'Deployment is `Deployed`; against `git clone`, then `npm ci`, `npm run build` and a start until the first answer, for one application',
    'after the other. The bare commands of the first path have an empty cache, the others what those before have left. Untouched',
    'applications and no change at all are set against one and the same run of the bare commands. In s: min / median / max.',
    '',
    '| Path | bare commands | Berth | ratio | goal |',
    '|---|---|---|---|---|',
    ...paths.map((path) =>
      printRow(
        path,
        rounds.map((round) => round[path]),
      ),
    ),
    '',
    `${rounds.length} rounds, ${at.slice(0, 10)}, ${printMachine(machine)}.`,
    'Run it again with `npm run bench:deploy -- --write`.',
    '',
  ].join('\n');
}

function printRow(path: (typeof paths)[number], pairs: readonly Pair[]): string {
  const seconds = (pick: (pair: Pair) => number): string =>
    printSummary(summarize(pairs.map(pick)), (value) => (value / 1000).toFixed(1));
  const ratio = summarize(pairs.map(({ berthMs, bareMs }) => berthMs / bareMs));
  const cells = [
    path,
    seconds(({ bareMs }) => bareMs),
    seconds(({ berthMs }) => berthMs),
    printSummary(ratio, (value) => value.toFixed(2)),
    goals[path],
  ];
  return `| ${cells.join(' | ')} |`;
}
