import { runBenchmark } from '../benchmark-command.ts';
import { type Benchmark, measureChanges } from './measure.ts';
import { headingOf, printReport } from './print.ts';

/** A benchmark that measures one change of a Deployment against the bare start of its application. */
export async function runChangeBenchmark(name: Benchmark, description: string): Promise<void> {
  await runBenchmark({
    name,
    description,
    rounds: { meaning: 'counted rounds after a warm-up', count: 7 },
    heading: headingOf(name),
    measure: async ({ rounds, environment, progress }) => ({
      benchmark: name,
      rounds,
      cases: await measureChanges(name, rounds, environment, progress),
    }),
    print: printReport,
  });
}
