import { runBenchmark } from './benchmark-command.ts';
import { measureEvents } from './events/measure.ts';
import { heading, printReport } from './events/print.ts';

await runBenchmark({
  name: 'events',
  description:
    "Measures events from their publishing to a handler that answers at once against Google's emulator, bare requests and a bare commit.",
  rounds: { meaning: 'counted rounds after a warm-up', count: 5 },
  heading,
  measure: measureEvents,
  print: printReport,
});
