import { runBenchmark } from './benchmark-command.ts';
import { measureJobs } from './jobs/measure.ts';
import { heading, printReport } from './jobs/print.ts';

await runBenchmark({
  name: 'jobs',
  description: 'Measures how late 10,000 jobs begin that are due in the same minute.',
  rounds: { meaning: 'counted rounds after a warm-up', count: 3 },
  heading,
  measure: measureJobs,
  print: printReport,
});
