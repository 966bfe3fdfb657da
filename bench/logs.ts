import { runBenchmark } from './benchmark-command.ts';
import { measureLogs } from './logs/measure.ts';
import { heading, printReport } from './logs/print.ts';

await runBenchmark({
  name: 'logs',
  description:
    'Measures how many lines a second Berth takes from an application against cat of the same lines into a file through a pipe.',
  rounds: { meaning: 'counted rounds after a warm-up', count: 7 },
  heading,
  measure: async (run) => ({ cases: await measureLogs(run) }),
  print: printReport,
});
