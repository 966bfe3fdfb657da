import { Command, Option } from 'commander';
import { serve } from '../../src/cli/serve.ts';
import { faultyPorts } from './fault-points.ts';
import { reachFaults } from './faults.ts';

const folder = process.env['BERTH_TEST_FAULTS'] ?? '';

await new Command('faulty-berth')
  .command('serve')
  .addOption(new Option('--plane <name>').choices(['control', 'data']).makeOptionMandatory())
  .action(({ plane }: { plane: 'control' | 'data' }) =>
    serve({ plane, wrap: faultyPorts(reachFaults(folder, plane)) }),
  )
  .parent?.parseAsync();
