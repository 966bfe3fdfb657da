import { Command } from 'commander';
import { describeMachine, printMachine } from '../../bench/machine.ts';
import { printTable } from '../../src/cli/print-table.ts';
import { countFrom } from '../support/parse-count.ts';
import type { Verdict } from './bounds.ts';
import { type Soak, soak } from './soak.ts';

interface Options {
  readonly deployments: number;
  readonly redeploys: number;
  readonly alive: number;
  readonly lanes: number;
  readonly json?: true;
}

const parseCount = countFrom(1, 100_000);

await new Command('soak')
  .description(
    'Deploys, redeploys and deletes tiny applications on a Berth of its own, and says what grew. Ends with 1 where a bound is broken.',
  )
  .option('--deployments <count>', 'Deployments in all', parseCount, 500)
  .option('--redeploys <count>', 'redeploys in all', parseCount, 1000)
  .option('--alive <count>', 'Deployments that exist at the same time', parseCount, 20)
  .option('--lanes <count>', 'how many are worked on at the same time', parseCount, 4)
  .option('--json', 'print every figure as JSON')
  .action(run)
  .parseAsync();

async function run({ json, ...workload }: Options): Promise<void> {
  const machine = describeMachine();
  const result = await soak(workload, 16, ({ deployments, redeploys, figures }) => {
    const memory = `${figures['control plane MB']} + ${figures['data plane MB']} MB`;
    process.stderr.write(`${deployments} deployments, ${redeploys} redeploys: ${memory}\n`);
  });
  process.stdout.write(
    json
      ? `${JSON.stringify({ machine, ...result }, undefined, 2)}\n`
      : printSoak(result, printMachine(machine)),
  );
  if (result.left.length > 0 || result.verdicts.some(({ holds }) => !holds)) process.exitCode = 1;
}

function printSoak({ workload, seconds, verdicts, left }: Soak, machine: string): string {
  const head = ['FIGURE', 'SECOND QUARTER', 'LAST QUARTER', 'BOUND', ''];
  const { deployments, redeploys, alive } = workload;
  return [
    `${deployments} deployments and ${redeploys} redeploys, ${alive} alive at once, in ${seconds} s; ${machine}\n\n`,
    printTable(head, verdicts.map(printVerdict)),
    left.length === 0
      ? '\nNothing was left when all were deleted.\n'
      : `\nLeft when all were deleted:\n${left.join('\n')}\n`,
  ].join('');
}

function printVerdict({ figure, before, after, limit, holds }: Verdict): readonly string[] {
  const bound = Number.isFinite(limit) ? String(Math.round(limit)) : 'grows by design';
  return [figure, String(before), String(after), bound, holds ? '' : 'BROKEN'];
}
