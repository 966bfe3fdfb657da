import { runChangeBenchmark } from './redeploy/command.ts';

await runChangeBenchmark(
  'rollback',
  'Measures a rollback to the revision before against the bare start of the same application.',
);
