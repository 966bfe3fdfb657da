import type { ReportHead } from '../benchmark-command.ts';
import { printPlaces } from '../http/processors.ts';
import { connections } from '../http/wrk.ts';
import { printMachine } from '../machine.ts';
import { printSummary, summarize } from '../statistics.ts';
import { type Measured, type Round, type Way, ways } from './measure.ts';
import { answerBytes } from './upstream.ts';

export interface Report extends ReportHead, Measured {}

export const heading = '## The gateway against nginx and Caddy';

/** Tables for people, which are Markdown too. */
export function printReport({ rounds, apart, at, machine }: Report): string {
  return [
    heading,
    '',
    `Answers of ${answerBytes} bytes on ${connections} connections that stay open, through each proxy to the same upstream: an application, deployed by`,
    'Berth, that leaves its port to an nginx with an answer of its own. Berth is a whole `berth serve`, asked by host name, with its',
    'log store behind it: it writes an `HTTP_REQUEST` entry for each request. nginx has one worker, Caddy `GOMAXPROCS=1`, and both write their',
    `access log to a file. ${printPlaces({ apart })}`,
    'Min / median / max; ratios are those of a round.',
    '',
    '| Way | requests/s | Berth to it | goal |',
    '|---|---|---|---|',
    ...ways.map((way) => printThroughput(way, rounds)),
    '',
    'Latency at a steady rate of half of what Berth has just answered, the same for all, each request counted from when it was due. Client and',
    'upstream are one program here, on one thread that does not sleep: as two they would wait for each other’s processor, and longer than',
    'for a proxy. *Added* is the median through the proxy without the median of direct requests.',
    '',
    '| Way | p50, µs | p99, µs | added p50, µs | Berth’s added to it | goal |',
    '|---|---|---|---|---|---|',
    ...(['direct', 'nginx', 'Berth'] as const).map((way) => printLatency(way, rounds)),
    '',
    printLogged(rounds),
    '',
    `${rounds.length} rounds after a warm-up, ${at.slice(0, 10)}, ${printMachine(machine)}.`,
    'Run it again with `npm run bench:gateway -- --write`.',
    '',
  ].join('\n');
}

const throughputGoals: Readonly<Record<Way, string>> = {
  direct: '',
  nginx: '0.4 or more',
  Caddy: '1.3 or more',
  Berth: '',
};

function printThroughput(way: Way, rounds: readonly Round[]): string {
  const isOther = way === 'nginx' || way === 'Caddy';
  const cells = [
    way,
    spread(rounds, ({ throughput }) => throughput[way].perSecond, 0),
    isOther
      ? spread(
          rounds,
          ({ throughput }) => throughput.Berth.perSecond / throughput[way].perSecond,
          2,
        )
      : '',
    throughputGoals[way],
  ];
  return `| ${cells.join(' | ')} |`;
}

function printLatency(way: keyof Round['latency'], rounds: readonly Round[]): string {
  const cells = [
    way,
    spread(rounds, ({ latency }) => latency[way].p50 * 1000, 0),
    spread(rounds, ({ latency }) => latency[way].p99 * 1000, 0),
    way === 'direct' ? '' : spread(rounds, (round) => addedMs(round, way) * 1000, 0),
    way === 'nginx'
      ? spread(rounds, (round) => addedMs(round, 'Berth') / addedMs(round, 'nginx'), 2)
      : '',
    way === 'nginx' ? '3 or less' : '',
  ];
  return `| ${cells.join(' | ')} |`;
}

function addedMs({ latency }: Round, way: 'nginx' | 'Berth'): number {
  return latency[way].p50 - latency.direct.p50;
}

/** Who closes a connection before the answer leaves an entry more. */
function printLogged(rounds: readonly Round[]): string {
  const answered = rounds.reduce((sum, { throughput }) => sum + throughput.Berth.answered, 0);
  const logged = rounds.reduce((sum, { logged: entries }) => sum + entries, 0);
  const missing = Math.max(0, answered - logged);
  return `Of the ${answered} requests that Berth has answered in the first table, ${missing} have no entry in its log.`;
}

function spread(rounds: readonly Round[], pick: (round: Round) => number, digits: number): string {
  return printSummary(summarize(rounds.map(pick)), (value) => value.toFixed(digits));
}
