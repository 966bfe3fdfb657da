import { randomInt } from 'node:crypto';
import { appendFile, readFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { describeMachine, printMachine } from '../../bench/machine.ts';
import { printTable } from '../../src/cli/print-table.ts';
import { countFrom } from '../support/parse-count.ts';
import { actions, type Fault, type RandomKill } from './faults.ts';
import { listPoints, type PointOfOperation } from './points.ts';
import { createRandom } from './random.ts';
import { playRound, type Round } from './round.ts';
import { type OperationName, openWorld, operations, type World } from './world.ts';

interface Options {
  readonly times: number;
  readonly random: number;
  readonly seed: number;
  readonly minutes: number;
  readonly action: readonly Fault['action'][];
  readonly list?: true;
  readonly json?: true;
  readonly only?: string;
  readonly results?: string;
}

interface Plan {
  readonly operation: OperationName;
  readonly fault: Fault | RandomKill;
}

/** Not every course comes past every point: one that is not reached is tried again, so often. */
const mostTries = 3;
/** About what an operation takes, and what follows it. */
const longestMs = 2_500;

const parseCount = countFrom(0, 10_000);

await new Command('test:chaos')
  .description(
    'Kills the control plane and the data plane at every fault point of deploy, redeploy, rollback and undeploy, and at random moments, and looks what came of it. Ends with 1 where something must not be, or where a point was never reached.',
  )
  .option('--times <count>', 'how often at each point', parseCount, 10)
  .option('--random <count>', 'how many kills at random moments', parseCount, 100)
  .option('--seed <number>', 'what the random moments come from', Number, randomInt(1e9))
  .option('--minutes <count>', 'ends after this, with what was tried by then', parseCount, 600)
  .addOption(
    new Option('--action <names...>', 'what goes wrong at points')
      .choices(actions)
      .default(['kill']),
  )
  .option('--only <text>', 'points whose operation, plane or name has this text; no random moments')
  .option(
    '--results <file>',
    'keeps every round there, a line of JSON each, and goes on where an earlier run that kept its own there ended',
  )
  .option('--list', 'only list the points')
  .option('--json', 'print every round as JSON')
  .action(run)
  .parseAsync();

async function run(options: Options): Promise<void> {
  const { times, only, list, json, minutes, seed, results } = options;
  let endAt = Date.now() + minutes * 60_000;
  // The planes are processes of their own, and would go on.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => (endAt = 0));
  await using world = await openWorld();
  const points = (await listPoints(world)).filter((one) => printPoint(one).includes(only ?? ''));
  if (list) {
    for (const point of points) process.stdout.write(`${printPoint(point)}\n`);
    return;
  }
  const random = only === undefined ? randomKills(options.random, seed) : [];
  const plans = [...random, ...Array(times).fill(pointFaults(points, options.action)).flat()];
  const rounds = await readRounds(results);
  for (const plan of withoutThose(plans, rounds)) {
    if (Date.now() > endAt) break;
    const round = await playUntilReached(world, plan);
    rounds.push(round);
    if (results !== undefined) await appendFile(results, `${JSON.stringify(round)}\n`);
    process.stderr.write(printProgress(round));
  }
  process.stdout.write(
    json
      ? `${JSON.stringify({ machine: describeMachine(), seed, planned: plans.length, rounds }, undefined, 2)}\n`
      : printRounds(rounds, { seed, planned: plans.length }),
  );
  if (rounds.some(({ violations }) => violations.length > 0)) process.exitCode = 1;
  if (neverReached(rounds).length > 0) process.exitCode = 1;
}

/** In the order in which a Deployment lives, again and again: what one leaves is mostly what the next begins with. */
function pointFaults(
  points: readonly PointOfOperation[],
  wanted: readonly Fault['action'][],
): readonly Plan[] {
  const byOperation = [...Map.groupBy(points, ({ operation }) => operation).values()];
  const most = Math.max(...byOperation.map(({ length }) => length));
  return Array.from({ length: most }, (_, at) =>
    byOperation.flatMap((all) => all.slice(at, at + 1)),
  )
    .flat()
    .flatMap(({ operation, plane, point }) =>
      wanted.map((action) => ({ operation, fault: { plane, point, action } })),
    );
}

async function readRounds(file: string | undefined): Promise<Round[]> {
  if (file === undefined) return [];
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Round);
}

/** The plans that no round is of. Random moments count as often as there were some. */
function withoutThose(plans: readonly Plan[], rounds: readonly Round[]): readonly Plan[] {
  const nameOf = (plan: Plan) => ('point' in plan.fault ? printFault(plan) : 'random');
  const done = new Map<string, number>();
  for (const round of rounds) done.set(nameOf(round), (done.get(nameOf(round)) ?? 0) + 1);
  return plans.filter((plan) => {
    const left = done.get(nameOf(plan)) ?? 0;
    done.set(nameOf(plan), left - 1);
    return left <= 0;
  });
}

function randomKills(count: number, seed: number): readonly Plan[] {
  const random = createRandom(seed);
  const oneOf = <T>(all: readonly [T, ...T[]]): T =>
    all[Math.floor(random() * all.length)] ?? all[0];
  return Array.from({ length: count }, () => ({
    operation: oneOf(operations),
    fault: { plane: oneOf(['control', 'data']), afterMs: Math.round(random() * longestMs) },
  }));
}

async function playUntilReached(world: World, { operation, fault }: Plan): Promise<Round> {
  for (let tries = 1; ; tries++) {
    const round = await playRound(world, operation, fault);
    if (round.fired || round.violations.length > 0 || tries === mostTries) return round;
  }
}

function printPoint({ operation, plane, point }: PointOfOperation): string {
  return `${operation}, ${plane} plane, ${point}`;
}

function printFault({ operation, fault }: Plan): string {
  return 'point' in fault
    ? `${fault.action} ${printPoint({ operation, ...fault })}`
    : `kill ${operation}, ${fault.plane} plane, after ${fault.afterMs} ms`;
}

function printProgress(round: Round): string {
  const { fired, ms, violations } = round;
  const how = fired ? `${ms} ms` : 'not reached';
  return `${printFault(round)}: ${how}${violations.map((text) => `\n  VIOLATION ${text}`).join('')}\n`;
}

/** Points at which nothing ever happened: what is said of them was not tried. */
function neverReached(rounds: readonly Round[]): readonly string[] {
  const byFault = Map.groupBy(rounds, printFault);
  return [...byFault].flatMap(([name, group]) => (group.some(({ fired }) => fired) ? [] : [name]));
}

function printRounds(
  rounds: readonly Round[],
  { seed, planned }: { readonly seed: number; readonly planned: number },
): string {
  const kindOf = ({ fault }: Round) => ('action' in fault ? fault.action : 'kill at random');
  const groups = Map.groupBy(
    rounds,
    (round) => `${round.operation}\t${round.fault.plane}\t${kindOf(round)}`,
  );
  const head = ['OPERATION', 'PLANE', 'FAULT', 'TRIED', 'REACHED', 'VIOLATIONS', 'SLOWEST MS'];
  const rows = [...groups].map(([key, group]) => [
    ...key.split('\t'),
    String(group.length),
    String(group.filter(({ fired }) => fired).length),
    String(group.reduce((sum, { violations }) => sum + violations.length, 0)),
    String(Math.max(...group.map(({ ms }) => ms))),
  ]);
  const violations = rounds.reduce((sum, round) => sum + round.violations.length, 0);
  const missed = neverReached(rounds).map((name) => `NEVER REACHED ${name}\n`);
  return [
    `${printTable(head, rows)}\n${missed.join('')}`,
    `${rounds.length} of ${planned} faults tried (seed ${seed}), ${violations} violations; ${printMachine(describeMachine())}\n`,
  ].join('');
}
