import type { ReportHead } from '../benchmark-command.ts';
import { printMachine } from '../machine.ts';
import { printSummary, summarize } from '../statistics.ts';
import type { Measured, Round } from './measure.ts';
import {
  deliveriesAtOnce,
  latencySamples,
  messagesPerRequest,
  messagesPerRound,
} from './messages.ts';

export type Report = ReportHead & Measured;

export const heading = '## Events from publishing to the handler';

/** Google's emulator 0.8.20, measured elsewhere before Berth was begun: 3,000 messages in 2.3 s, on 2 cores as well. */
const googleElsewhere = 3_000 / 2.3;

/** A table for people, which is Markdown too. */
export function printReport({ rounds, at, machine }: Report): string {
  const google = rounds.map((round) => round.google).filter((rate) => rate !== undefined);
  const isHere = google.length > 0;
  return [
    heading,
    '',
    `${messagesPerRound} messages of 400 bytes, published over HTTP, ${messagesPerRequest} in a request, to a whole Berth (\`berth serve\`, both planes) and from there`,
    'pushed to a deployed event application that answers at once, in a sandbox with a network of its own, as where Berth is not told otherwise: from the',
    'first request until the last message has arrived. Every message',
    `is durable before its request is answered. Against ${isHere ? "Google's emulator, which keeps messages in memory, pushing to the same program in the same round," : "Google's emulator"}`,
    `and against as many bare POSTs from one Node process to the same program, ${deliveriesAtOnce} at once on kept connections.`,
    `Then ${latencySamples} messages one by one, from the request to the first byte at the handler (p50), against one commit to SQLite`,
    '(`synchronous=FULL`) and one POST. min / median / max of the rounds.',
    ...(isHere
      ? []
      : [
          '',
          `Google's emulator (\`google-cloud-cli-pubsub-emulator\`) is **not installed here**: its figure was **measured elsewhere**, ${Math.round(googleElsewhere)} messages/s, and the ratio to it says little.`,
        ]),
    '',
    '| What | Berth | anchor | ratio | goal |',
    '|---|---|---|---|---|',
    rowOf({
      what: "messages/s, Google's emulator",
      rounds,
      own: ({ berth }) => berth,
      anchor: (round) => round.google ?? googleElsewhere,
      goal: '≥ 3',
      digits: 0,
    }),
    rowOf({
      what: 'messages/s, bare POSTs',
      rounds,
      own: ({ berth }) => berth,
      anchor: ({ bare }) => bare,
      goal: '',
      digits: 0,
    }),
    rowOf({
      what: 'ms to the first byte, commit and POST',
      rounds,
      own: ({ berthLatency }) => berthLatency,
      anchor: ({ bareLatency }) => bareLatency,
      goal: '≤ 3',
      digits: 2,
    }),
    '',
    `${rounds.length} counted rounds after a warm-up, ${at.slice(0, 10)}, ${printMachine(machine)}.`,
    'Run it again with `npm run bench:events -- --write`.',
    '',
  ].join('\n');
}

function rowOf(row: {
  readonly what: string;
  readonly rounds: readonly Round[];
  readonly own: (round: Round) => number;
  readonly anchor: (round: Round) => number;
  readonly goal: string;
  readonly digits: number;
}): string {
  const { what, rounds, own, anchor, goal, digits } = row;
  const cell = (pick: (round: Round) => number, decimals: number): string =>
    printSummary(summarize(rounds.map(pick)), (value) => value.toFixed(decimals));
  const ratio = (round: Round): number => own(round) / anchor(round);
  return `| ${[what, cell(own, digits), cell(anchor, digits), cell(ratio, 2), goal].join(' | ')} |`;
}
