import { Command } from 'commander';
import { measureDeploys } from './deploy/measure.ts';
import { heading, printReport, type Report } from './deploy/print.ts';
import { describeMachine } from './machine.ts';
import { operatorEnvironment, parseRounds } from './options.ts';
import { writeSection } from './results-file.ts';

interface Options {
  readonly rounds: number;
  readonly json?: true;
  readonly write?: true;
}

await new Command('bench:deploy')
  .description(
    'Measures deployments (everything new, source changed, applications untouched, nothing changed) against the commands that a person would type.',
  )
  .option('--rounds <count>', 'rounds, each with empty caches at first', parseRounds, 5)
  .option('--json', 'print every measurement as JSON')
  .option('--write', 'update bench/RESULTS.md')
  .action(run)
  .parseAsync();

async function run({ rounds, json, write }: Options): Promise<void> {
  const report: Report = {
    benchmark: 'deploy',
    at: new Date().toISOString(),
    machine: describeMachine(),
    rounds: await measureDeploys({
      rounds,
      environment: operatorEnvironment(),
      progress: (text) => process.stderr.write(`${text}\n`),
    }),
  };
  process.stdout.write(json ? `${JSON.stringify(report, undefined, 2)}\n` : printReport(report));
  if (write) await writeSection(heading, printReport(report));
}
