import { Command, InvalidArgumentError, Option } from 'commander';
import { describeMachine, printMachine } from '../../bench/machine.ts';
import { printTable } from '../../src/cli/print-table.ts';
import { actions, type Fault } from './faults.ts';
import { listPoints, type PointOfOperation } from './points.ts';
import { playRound, type Round } from './round.ts';
import { openWorld } from './world.ts';

interface Options {
  readonly times: number;
  readonly action: readonly Fault['action'][];
  readonly list?: true;
  readonly json?: true;
  readonly only?: string;
}

await new Command('test:chaos')
  .description(
    'Kills the control plane and the data plane at every fault point of deploy, redeploy, rollback and undeploy, and looks what came of it. Ends with 1 where something must not be.',
  )
  .option('--times <count>', 'how often at each point', parseCount, 10)
  .addOption(
    new Option('--action <names...>', 'what goes wrong').choices(actions).default(['kill']),
  )
  .option('--only <text>', 'points whose operation, plane or name has this text')
  .option('--list', 'only list the points')
  .option('--json', 'print every round as JSON')
  .action(run)
  .parseAsync();

async function run({ times, action, only = '', list, json }: Options): Promise<void> {
  await using world = await openWorld();
  const points = (await listPoints(world)).filter((one) => printPoint(one).includes(only));
  if (list) {
    for (const point of points) process.stdout.write(`${printPoint(point)}\n`);
    return;
  }
  const rounds: Round[] = [];
  for (let time = 1; time <= times; time++) {
    for (const { operation, plane, point } of points) {
      for (const one of action) {
        const round = await playRound(world, operation, { plane, point, action: one });
        rounds.push(round);
        process.stderr.write(printProgress(round));
      }
    }
  }
  process.stdout.write(
    json
      ? `${JSON.stringify({ machine: describeMachine(), rounds }, undefined, 2)}\n`
      : printRounds(rounds),
  );
  if (rounds.some(({ violations }) => violations.length > 0)) process.exitCode = 1;
}

function printPoint({ operation, plane, point }: PointOfOperation): string {
  return `${operation}, ${plane} plane, ${point}`;
}

function printProgress({ operation, fault, fired, ms, violations }: Round): string {
  const what = `${fault.action} ${printPoint({ operation, ...fault })}`;
  const how = fired ? `${ms} ms` : 'not reached';
  return `${what}: ${how}${violations.map((text) => `\n  VIOLATION ${text}`).join('')}\n`;
}

function printRounds(rounds: readonly Round[]): string {
  const groups = Map.groupBy(
    rounds,
    ({ operation, fault }) => `${operation}\t${fault.plane}\t${fault.action}`,
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
  return `${printTable(head, rows)}\n${rounds.length} faults tried, ${violations} violations; ${printMachine(describeMachine())}\n`;
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > 1000)
    throw new InvalidArgumentError('Must be a whole number from 1 to 1000.');
  return count;
}
