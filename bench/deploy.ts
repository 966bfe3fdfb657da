import { runBenchmark } from './benchmark-command.ts';
import { measureDeploys } from './deploy/measure.ts';
import { heading, printReport } from './deploy/print.ts';

await runBenchmark({
  name: 'deploy',
  description:
    'Measures deployments (everything new, source changed, applications untouched, nothing changed) against the commands that a person would type.',
  rounds: { meaning: 'rounds, each with empty caches at first', count: 5 },
  heading,
  measure: async (run) => ({ rounds: await measureDeploys(run) }),
  print: printReport,
});
