import { Command, InvalidArgumentError } from 'commander';
import { describeMachine } from './machine.ts';
import { measureRedeploys } from './redeploy/measure.ts';
import { heading, printReport, type Report } from './redeploy/print.ts';
import { writeSection } from './results-file.ts';

interface Options {
  readonly rounds: number;
  readonly json?: true;
  readonly write?: true;
}

await new Command('bench:redeploy')
  .description(
    'Measures a redeploy with one changed value against the bare start of the same application.',
  )
  .option('--rounds <count>', 'counted rounds after a warm-up', parseRounds, 7)
  .option('--json', 'print every measurement as JSON')
  .option('--write', 'update bench/RESULTS.md')
  .action(run)
  .parseAsync();

async function run({ rounds, json, write }: Options): Promise<void> {
  const report: Report = {
    benchmark: 'redeploy',
    at: new Date().toISOString(),
    machine: describeMachine(),
    rounds,
    cases: await measureRedeploys(rounds, operatorEnvironment(), (text) =>
      process.stderr.write(`${text}\n`),
    ),
  };
  process.stdout.write(json ? `${JSON.stringify(report, undefined, 2)}\n` : printReport(report));
  if (write) await writeSection(heading, printReport(report));
}

/** What reaches the registry, without settings of a Berth that may be running here. */
function operatorEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined || name.startsWith('BERTH_') ? [] : [[name, value]],
    ),
  );
}

function parseRounds(text: string): number {
  const rounds = Number(text);
  if (!/^\d+$/.test(text) || rounds < 1 || rounds > 1000)
    throw new InvalidArgumentError('Must be a whole number from 1 to 1000.');
  return rounds;
}
