import type { ReportHead } from '../benchmark-command.ts';
import { printMachine } from '../machine.ts';
import { printSummary, summarize } from '../statistics.ts';
import { type Measured, type Process, type Round, restMs, sleepingCount } from './measure.ts';
import type { Memory } from './memory.ts';

export interface Report extends ReportHead, Measured {}

export const heading = '## Memory while nothing happens';

type Side = keyof Round;
type Kind = keyof Memory;

const rows: Readonly<Record<string, readonly Process[]>> = {
  'control plane': ['control'],
  'data plane': ['data'],
  'both planes': ['control', 'data'],
  supervisor: ['supervisor'],
};

/** A table for people, which is Markdown too. */
export function printReport({ rounds, at, machine }: Report): string {
  return [
    heading,
    '',
    `A Berth without Deployments, and one with ${sleepingCount} services that sleep, each ${restMs / 1000} s after its start, with a domain for applications. RSS, as`,
    '`ps` has it, counts in every process what they share; PSS divides it among them, so that a sum of it is what they take together.',
    'Min / median / max.',
    '',
    '| Process | RSS, MB | PSS, MB | RSS more for each Deployment, KB | PSS more, KB |',
    '|---|---|---|---|---|',
    ...Object.entries(rows).map(([name, processes]) => printRow(name, processes, rounds)),
    '',
    'The goals, for both planes: 220 MB resident without Deployments, 20 KB more for each that sleeps.',
    '',
    `${rounds.length} rounds, ${at.slice(0, 10)}, ${printMachine(machine)}.`,
    'Run it again with `npm run bench:idle -- --write`.',
    '',
  ].join('\n');
}

function printRow(name: string, processes: readonly Process[], rounds: readonly Round[]): string {
  const megabytes = (kind: Kind): string =>
    spread(rounds, (round) => sum(round, 'empty', processes, kind) / 2 ** 20);
  const more = (kind: Kind): string =>
    spread(rounds, (round) => {
      const difference =
        sum(round, 'sleeping', processes, kind) - sum(round, 'empty', processes, kind);
      return difference / 1024 / sleepingCount;
    });
  return `| ${[name, megabytes('rss'), megabytes('pss'), more('rss'), more('pss')].join(' | ')} |`;
}

function sum(round: Round, side: Side, processes: readonly Process[], kind: Kind): number {
  return processes.reduce((total, process) => total + round[side][process][kind], 0);
}

function spread(rounds: readonly Round[], pick: (round: Round) => number): string {
  return printSummary(summarize(rounds.map(pick)), (value) => value.toFixed(1));
}
