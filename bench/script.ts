import { Command } from 'commander';
import { describeMachine } from './machine.ts';
import { operatorEnvironment, parseRounds } from './options.ts';
import { writeSection } from './results-file.ts';
import { measureScripts } from './script/measure.ts';
import { heading, printReport, type Report } from './script/print.ts';

interface Options {
  readonly rounds: number;
  readonly json?: true;
  readonly write?: true;
}

await new Command('bench:script')
  .description(
    'Measures scripts that install and build before they do something against the last of their commands alone.',
  )
  .option('--rounds <count>', 'counted rounds of each script', parseRounds, 5)
  .option('--json', 'print every measurement as JSON')
  .option('--write', 'update bench/RESULTS.md')
  .action(run)
  .parseAsync();

async function run({ rounds, json, write }: Options): Promise<void> {
  const report: Report = {
    benchmark: 'script',
    at: new Date().toISOString(),
    machine: describeMachine(),
    measured: await measureScripts({
      rounds,
      environment: operatorEnvironment(),
      progress: (text) => process.stderr.write(`${text}\n`),
    }),
  };
  process.stdout.write(json ? `${JSON.stringify(report, undefined, 2)}\n` : printReport(report));
  if (write) await writeSection(heading, printReport(report));
}
