import { Command } from 'commander';
import { describeFailure, Failure } from '../src/core/failure.ts';
import { describeMachine, type Machine } from './machine.ts';
import { operatorEnvironment, parseRounds } from './options.ts';
import { writeSection } from './results-file.ts';

interface Options {
  readonly rounds: number;
  readonly json?: true;
  readonly write?: true;
}

/** What every benchmark is given. */
export interface BenchmarkRun {
  readonly rounds: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly progress: (text: string) => void;
}

/** When and where it was measured. */
export interface ReportHead {
  readonly benchmark: string;
  readonly at: string;
  readonly machine: Machine;
}

/**
 * Measures, prints a table or JSON, and with `--write` puts the table below its heading in RESULTS.md. Where the machine lacks
 * something it says what, and ends with 1.
 */
export async function runBenchmark<Measured extends object>(benchmark: {
  readonly name: string;
  readonly description: string;
  readonly rounds: { readonly meaning: string; readonly count: number };
  readonly heading: string;
  readonly measure: (run: BenchmarkRun) => Promise<Measured>;
  readonly print: (report: ReportHead & Measured) => string;
}): Promise<void> {
  const { name, description, rounds, heading, measure, print } = benchmark;
  await new Command(`bench:${name}`)
    .description(description)
    .option('--rounds <count>', rounds.meaning, parseRounds, rounds.count)
    .option('--json', 'print every measurement as JSON')
    .option('--write', 'update bench/RESULTS.md')
    .action(async (options: Options) => {
      const head = {
        benchmark: name,
        at: new Date().toISOString(),
        machine: describeMachine(),
      };
      const measured = await measure({
        rounds: options.rounds,
        environment: operatorEnvironment(),
        progress: (text) => process.stderr.write(`${text}\n`),
      });
      const report = { ...head, ...measured };
      const printed = print(report);
      process.stdout.write(options.json ? `${JSON.stringify(report, undefined, 2)}\n` : printed);
      if (options.write) await writeSection(heading, printed);
    })
    .parseAsync()
    .catch((error: unknown) => {
      if (!(error instanceof Failure)) throw error;
      process.stderr.write(`${describeFailure(error)}\n`);
      process.exitCode = 1;
    });
}
