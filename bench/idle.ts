import { runBenchmark } from './benchmark-command.ts';
import { measureIdle } from './idle/measure.ts';
import { heading, printReport } from './idle/print.ts';

await runBenchmark({
  name: 'idle',
  description:
    'Measures the memory of both planes without Deployments, and with 1,000 of which nothing runs.',
  rounds: { meaning: 'rounds, each a start of both', count: 5 },
  heading,
  measure: measureIdle,
  print: printReport,
});
