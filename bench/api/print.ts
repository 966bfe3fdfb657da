import type { ReportHead } from '../benchmark-command.ts';
import { printPlaces } from '../http/processors.ts';
import { connections } from '../http/wrk.ts';
import { printMachine } from '../machine.ts';
import { printSummary, summarize } from '../statistics.ts';
import { few, type Measured, many, type Query, queries, type Round } from './measure.ts';

export interface Report extends ReportHead, Measured {}

export const heading = '## The API against bare Fastify, and many Deployments against few';

/** Tables for people, which are Markdown too. */
export function printReport({ rounds, apart, at, machine }: Report): string {
  return [
    heading,
    '',
    `GET of one Deployment, with its token, among ${thousands(many)} on ${connections} connections that stay open; against bare Fastify, which has no store and answers with`,
    'the same JSON. Berth is a whole `berth serve` without a limit of requests for each client; measured is its control plane.',
    `${printPlaces({ apart })} Min / median / max; ratios are those of a round.`,
    '',
    '| | bare Fastify | Berth | ratio | goal |',
    '|---|---|---|---|---|',
    printGet(rounds),
    '',
    `A page of 20 Deployments with the total, of a project with ${thousands(few)} and of one with ${thousands(many)}, each in a Berth of its own. Of a round the median of 25`,
    'requests, one after the other. In ms.',
    '',
    `| Asked for | of ${thousands(few)} | of ${thousands(many)} | ratio | goal |`,
    '|---|---|---|---|---|',
    ...(Object.keys(queries) as Query[]).map((name) => printQuery(name, rounds)),
    '',
    `${rounds.length} rounds after a warm-up, ${at.slice(0, 10)}, ${printMachine(machine)}.`,
    'Run it again with `npm run bench:api -- --write`.',
    '',
  ].join('\n');
}

function printGet(rounds: readonly Round[]): string {
  const cells = [
    'requests/s',
    spread(rounds, ({ get }) => get.fastify, 0),
    spread(rounds, ({ get }) => get.berth, 0),
    spread(rounds, ({ get }) => get.berth / get.fastify, 2),
    '0.5 or more',
  ];
  return `| ${cells.join(' | ')} |`;
}

function printQuery(name: Query, rounds: readonly Round[]): string {
  const cells = [
    name,
    spread(rounds, (round) => round.queries[name].fewMs, 1),
    spread(rounds, (round) => round.queries[name].manyMs, 1),
    spread(rounds, (round) => round.queries[name].manyMs / round.queries[name].fewMs, 2),
    '3 or less',
  ];
  return `| ${cells.join(' | ')} |`;
}

function thousands(count: number): string {
  return count.toLocaleString('en-US');
}

function spread(rounds: readonly Round[], pick: (round: Round) => number, digits: number): string {
  return printSummary(summarize(rounds.map(pick)), (value) => value.toFixed(digits));
}
