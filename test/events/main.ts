import { Command } from 'commander';
import { describeMachine, printMachine } from '../../bench/machine.ts';
import { countFrom } from '../support/parse-count.ts';
import { type EventTruth, type EventTruthOptions, tellEventTruth } from './event-truth.ts';

type Options = Omit<EventTruthOptions, 'onProgress'> & { readonly json?: true };

await new Command('test:events')
  .description(
    'Publishes messages to event applications that fail, hang and crash, kills the data plane meanwhile, and counts what became of each. Ends with 1 where one was lost.',
  )
  .option('--messages <count>', 'in all', countFrom(1, 1_000_000), 100_000)
  .option('--kills <count>', 'kill -9 of the data plane', countFrom(0, 1_000), 20)
  .option('--topics <count>', 'event applications', countFrom(1, 20), 4)
  .option('--seed <number>', 'of what becomes of which message', countFrom(0, 2 ** 31), 1)
  .option('--json', 'print every figure as JSON')
  .action(run)
  .parseAsync();

async function run({ json, ...options }: Options): Promise<void> {
  const machine = describeMachine();
  const truth = await tellEventTruth({
    ...options,
    onProgress: (text) => process.stderr.write(`${text}\n`),
  });
  const { messageIds, acknowledged, dead, ...counts } = truth;
  const figures = {
    ...options,
    ...counts,
    messageIds: messageIds.size,
    acknowledged: acknowledged.size,
    dead: dead.size,
  };
  process.stdout.write(
    json
      ? `${JSON.stringify({ machine, ...figures })}\n`
      : `${print(truth)}; ${options.topics} topics, seed ${options.seed}, ${printMachine(machine)}\n`,
  );
  if (truth.lost.length > 0 || truth.survivors.length > 0 || messageIds.size !== truth.published)
    process.exitCode = 1;
}

function print(truth: EventTruth): string {
  const { fates } = truth;
  return [
    `${truth.published} messages published (${fates['fails-once']} fail once, ${fates['always-fails']} always, ${fates['hangs-once']} are late once, ${fates['crashes-once']} crash their handler once)`,
    `${truth.acknowledged.size} acknowledged, ${truth.dead.size} dead, ${truth.lost.length} lost${listed(truth.lost)}`,
    `${truth.survivors.length} of those that always fail not dead${listed(truth.survivors)}`,
    `${truth.deliveries} deliveries, ${truth.repeated} messages acknowledged more than once`,
    `${truth.kills} kills of the data plane, ${truth.seconds} s`,
  ].join('\n');
}

function listed(numbers: readonly number[]): string {
  return numbers.length === 0 ? '' : ` (${numbers.slice(0, 20).join(', ')})`;
}
