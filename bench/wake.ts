import { runBenchmark } from './benchmark-command.ts';
import { measureWakes } from './wake/measure.ts';
import { heading, printReport } from './wake/print.ts';

await runBenchmark({
  name: 'wake',
  description:
    'Measures the first answer of an application that sleeps, through the gateway, against the bare start of the same application.',
  rounds: { meaning: 'counted rounds after a warm-up', count: 11 },
  heading,
  measure: async ({ rounds, environment, progress }) => ({
    rounds,
    cases: await measureWakes(rounds, environment, progress),
  }),
  print: printReport,
});
