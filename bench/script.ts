import { runBenchmark } from './benchmark-command.ts';
import { measureScripts } from './script/measure.ts';
import { heading, printReport } from './script/print.ts';

await runBenchmark({
  name: 'script',
  description:
    'Measures scripts that install and build before they do something against the last of their commands alone.',
  rounds: { meaning: 'counted rounds of each script', count: 5 },
  heading,
  measure: async (run) => ({ measured: await measureScripts(run) }),
  print: printReport,
});
