import { measureApi } from './api/measure.ts';
import { heading, printReport } from './api/print.ts';
import { runBenchmark } from './benchmark-command.ts';

await runBenchmark({
  name: 'api',
  description:
    'Measures GET of one Deployment against bare Fastify, and queries over 1,000,000 Deployments against the same over 1,000.',
  rounds: { meaning: 'counted rounds after a warm-up', count: 7 },
  heading,
  measure: measureApi,
  print: printReport,
});
