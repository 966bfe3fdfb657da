import { runBenchmark } from './redeploy/command.ts';

await runBenchmark(
  'redeploy',
  'Measures a redeploy with one changed value against the bare start of the same application.',
);
