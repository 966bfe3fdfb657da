import { runChangeBenchmark } from './redeploy/command.ts';

await runChangeBenchmark(
  'redeploy',
  'Measures a redeploy with one changed value against the bare start of the same application.',
);
