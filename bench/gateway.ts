import { runBenchmark } from './benchmark-command.ts';
import { measureGateway } from './gateway/measure.ts';
import { heading, printReport } from './gateway/print.ts';

await runBenchmark({
  name: 'gateway',
  description: 'Measures the gateway against nginx and Caddy before the same upstream.',
  rounds: { meaning: 'counted rounds after a warm-up', count: 7 },
  heading,
  measure: measureGateway,
  print: printReport,
});
