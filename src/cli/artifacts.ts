import { Command } from 'commander';
import { openArtifacts } from '../compose/artifacts.ts';
import { parseConfig } from '../config/parse-config.ts';
import { readEnv } from '../config/read-env.ts';
import { printBytes } from '../core/disk-room.ts';
import { printTable } from './print-table.ts';

interface Options {
  readonly json?: true;
}

export function artifactsCommand(): Command {
  const command = new Command('artifacts')
    .showHelpAfterError('(--help shows what there is)')
    .description('show what builds have left in BERTH_DATA_DIR, and where it comes from');
  command
    .command('list')
    .description('all artifacts')
    .option('--json', 'one JSON array')
    .action(async ({ json }: Options) => {
      const artifacts = await (await open()).list();
      const rows = artifacts.map((one) => [
        one.key,
        one.application,
        one.commit.slice(0, 12),
        printBytes(one.bytes),
      ]);
      print(json, artifacts, () => printTable(['KEY', 'APPLICATION', 'COMMIT', 'TAKES'], rows));
    });
  command
    .command('show <key>')
    .description('its provenance: an in-toto statement with SLSA provenance, as JSON')
    .option('--json', 'on one line')
    .action(async (key: string, { json }: Options) => {
      const provenance = await (await open()).show(key);
      print(json, provenance, () => `${JSON.stringify(provenance, undefined, 2)}\n`);
    });
  command
    .command('verify')
    .description('compare every file with what its build left; ends with 1 where one differs')
    .option('--json', 'one JSON array')
    .action(async ({ json }: Options) => {
      const verified = await (await open()).verify();
      const rows = verified.map(({ key, damage }) => [key, damage ?? 'intact']);
      print(json, verified, () => printTable(['KEY', 'STATE'], rows));
      if (verified.some(({ damage }) => damage !== undefined)) process.exitCode = 1;
    });
  return command;
}

function open() {
  return openArtifacts(parseConfig(readEnv()));
}

function print(json: true | undefined, value: unknown, text: () => string): void {
  process.stdout.write(json ? `${JSON.stringify(value)}\n` : text());
}
