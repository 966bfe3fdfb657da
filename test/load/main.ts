import { Command } from 'commander';
import { describeMachine, printMachine } from '../../bench/machine.ts';
import { countFrom } from '../support/parse-count.ts';
import { redeployUnderLoad } from './redeploys-under-load.ts';

interface Options {
  readonly redeploys: number;
  readonly perSecond: number;
  readonly json?: true;
}

const parseCount = countFrom(1, 100_000);

await new Command('test:load')
  .description(
    'Redeploys an application again and again while it is asked, some of the requests 10 s long, and counts what was not answered. Ends with 1 where something was not.',
  )
  .option('--redeploys <count>', 'one after another', parseCount, 100)
  .option('--per-second <count>', 'requests', parseCount, 200)
  .option('--json', 'print every figure as JSON')
  .action(run)
  .parseAsync();

async function run({ redeploys, perSecond, json }: Options): Promise<void> {
  const machine = describeMachine();
  const shape = { perSecond, longEvery: 100, longMs: 10_000, postEvery: 10 };
  const { load, redeployMs } = await redeployUnderLoad({ redeploys, ...shape }, (number, ms) =>
    process.stderr.write(`redeploy ${number}: ${Math.round(ms)} ms\n`),
  );
  const { failures, bodies, shortMs, ...counts } = load;
  const figures = {
    ...counts,
    failures: failures.length,
    redeploys,
    redeployMs: spread(redeployMs),
    shortMs: spread(shortMs),
  };
  if (json) process.stdout.write(`${JSON.stringify({ machine, ...figures, which: failures })}\n`);
  else {
    process.stdout.write(
      `${counts.requests} requests, ${counts.long} of them 10 s long and ${counts.posts} POSTs, during ${redeploys} redeploys: ` +
        `${failures.length} failed\n` +
        `redeploy until Deployed: ${print(redeployMs)} ms; short requests: ${print(shortMs)} ms (min / median / p99 / max); ${printMachine(machine)}\n` +
        failures.map((failure) => `FAILED ${failure}\n`).join(''),
    );
  }
  if (failures.length > 0) process.exitCode = 1;
}

function spread(values: readonly number[]) {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (part: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
  return { min: sorted[0], median: at(0.5), p99: at(0.99), max: sorted.at(-1) };
}

function print(values: readonly number[]): string {
  return Object.values(spread(values))
    .map((value = 0) => value.toFixed(value < 10 ? 1 : 0))
    .join(' / ');
}
