import { Command } from 'commander';
import { describeMachine, printMachine } from '../../bench/machine.ts';
import { printTable } from '../../src/cli/print-table.ts';
import { countFrom } from '../support/parse-count.ts';
import { requestsAreHeld } from './tally.ts';
import { type Disturbances, type Uptime, watchUptime } from './uptime.ts';

interface Options extends Disturbances {
  readonly json?: true;
}

const parseCount = countFrom(0, 100_000);

await new Command('test:uptime')
  .description(
    'Asks, streams, publishes, runs a job and follows the log of a Deployment while it is redeployed, its instances crash and the control plane is killed. Ends with 1 where anything failed that no crash excuses.',
  )
  .option('--redeploys <count>', 'one after another', parseCount, 50)
  .option('--crashes <count>', 'kill -9 of the instance of the service', parseCount, 20)
  .option('--restarts <count>', 'kill -9 of the control plane', parseCount, 5)
  .option('--json', 'print every figure as JSON')
  .action(run)
  .parseAsync();

async function run({ json, ...wanted }: Options): Promise<void> {
  const machine = describeMachine();
  const uptime = await watchUptime(wanted, (text) => process.stderr.write(`${text}\n`));
  process.stdout.write(
    json
      ? `${JSON.stringify({ machine, requestsAreHeld, ...uptime }, undefined, 2)}\n`
      : printUptime(uptime, printMachine(machine)),
  );
  if (uptime.counts.some(({ failed, tried }) => failed.length > 0 || tried === 0))
    process.exitCode = 1;
}

function printUptime(uptime: Uptime, machine: string): string {
  const { counts, done, seconds, reconnects, publishedAgain } = uptime;
  const rows = counts.map(({ probe, tried, failed, excused }) => [
    probe,
    String(tried),
    String(failed.length),
    String(excused.length),
  ]);
  const rule = requestsAreHeld
    ? 'Excused: what an instance had when it crashed.'
    : 'Excused: what an instance had when it crashed, and what came until another one answered.';
  return [
    `${done.redeploys} redeploys, ${done.crashes} crashes and ${done.restarts} restarts of the control plane in ${seconds} s; ${machine}\n\n`,
    printTable(['PROBE', 'TRIED', 'FAILED', 'EXCUSED'], rows),
    `\n${rule} The log was followed again ${reconnects} times, and ${publishedAgain} events were published again.\n`,
    ...counts.flatMap(({ failed }) => failed.map((text) => `FAILED ${text}\n`)),
  ].join('');
}
