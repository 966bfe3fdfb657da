import { runBenchmark } from './redeploy/command.ts';

await runBenchmark(
  'rollback',
  'Measures a rollback to the revision before against the bare start of the same application.',
);
