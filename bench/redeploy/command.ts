import { Command } from 'commander';
import { describeMachine } from '../machine.ts';
import { operatorEnvironment, parseRounds } from '../options.ts';
import { writeSection } from '../results-file.ts';
import { type Benchmark, measureChanges } from './measure.ts';
import { headingOf, printReport, type Report } from './print.ts';

interface Options {
  readonly rounds: number;
  readonly json?: true;
  readonly write?: true;
}

/** A benchmark that measures one change of a Deployment against the bare start of its application. */
export async function runBenchmark(benchmark: Benchmark, description: string): Promise<void> {
  await new Command(`bench:${benchmark}`)
    .description(description)
    .option('--rounds <count>', 'counted rounds after a warm-up', parseRounds, 7)
    .option('--json', 'print every measurement as JSON')
    .option('--write', 'update bench/RESULTS.md')
    .action((options: Options) => run(benchmark, options))
    .parseAsync();
}

async function run(benchmark: Benchmark, { rounds, json, write }: Options): Promise<void> {
  const report: Report = {
    benchmark,
    at: new Date().toISOString(),
    machine: describeMachine(),
    rounds,
    cases: await measureChanges(benchmark, rounds, operatorEnvironment(), (text) =>
      process.stderr.write(`${text}\n`),
    ),
  };
  process.stdout.write(json ? `${JSON.stringify(report, undefined, 2)}\n` : printReport(report));
  if (write) await writeSection(headingOf(benchmark), printReport(report));
}
