import { Command } from 'commander';
import type { Check } from '../compose/doctor/check.ts';
import { examine } from '../compose/doctor/examine.ts';
import { parseConfig } from '../config/parse-config.ts';
import { readEnv, readOperatorEnvironment } from '../config/read-env.ts';
import { printTable } from './print-table.ts';

export function doctorCommand(): Command {
  return new Command('doctor')
    .showHelpAfterError('(--help shows what there is)')
    .description(
      'say what holds on this machine and what does not, and what to do about it. Changes nothing. ' +
        'Ends with 1 where something is missing that Berth needs',
    )
    .option('--json', 'one JSON object per line: area, name, state, found, nextStep')
    .action((options: { readonly json?: true }) => doctor(options));
}

async function doctor({ json }: { readonly json?: true }): Promise<void> {
  const checks = await examine(parseConfig(readEnv()), readOperatorEnvironment());
  process.stdout.write(json ? printLines(checks) : printChecks(checks));
  if (checks.some(({ state }) => state === 'missing')) process.exitCode = 1;
}

function printLines(checks: readonly Check[]): string {
  return checks.map((check) => `${JSON.stringify(check)}\n`).join('');
}

const marks = { ok: 'ok', warning: 'note', missing: 'MISSING' } as const;

function printChecks(checks: readonly Check[]): string {
  const head = ['', 'AREA', 'WHAT', 'FOUND'];
  const rows = checks.map(({ area, name, state, found }) => [marks[state], area, name, found]);
  const steps = checks.flatMap(({ area, name, state, nextStep }) =>
    nextStep === undefined ? [] : [`${marks[state]}  ${area}, ${name}: ${nextStep}\n`],
  );
  return [printTable(head, rows), ...(steps.length > 0 ? ['\n', ...steps] : [])].join('');
}
