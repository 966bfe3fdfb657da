import { Command } from 'commander';
import { backUp, verifyBackup } from '../compose/backup/backup.ts';
import type { Manifest } from '../compose/backup/format.ts';
import { restore } from '../compose/backup/restore.ts';
import { parseConfig } from '../config/parse-config.ts';
import { readEnv } from '../config/read-env.ts';
import { printManifest } from './backup/print-manifest.ts';
import { showProgress } from './backup/show-progress.ts';
import { version } from './version.ts';

export function backupCommand(): Command {
  return new Command('backup')
    .showHelpAfterError('(--help shows what there is)')
    .description(
      'write everything that cannot be fetched or built again to one file: the events and logs in BERTH_DATA_DIR, and the records, there or in ' +
        'BERTH_DATABASE_URL. The server may run meanwhile. The key of the secrets is not in it: keep keys/secrets.key elsewhere',
    )
    .argument('<file>', 'the file to write; it must not be there yet')
    .option('--verify', 'instead, read a backup, say what is in it, and whether it is whole')
    .option('--json', 'one JSON object: what is in the backup')
    .action(async (file: string, options: { readonly verify?: true; readonly json?: true }) => {
      const progress = showProgress(process.stderr);
      const config = parseConfig(readEnv());
      const manifest = options.verify
        ? await verifyBackup(file, progress)
        : await backUp(config, { file, version, progress });
      say(manifest, options, options.verify ? `${file} is whole.` : `${file} is written.`);
    });
}

export function restoreCommand(): Command {
  return new Command('restore')
    .showHelpAfterError('(--help shows what there is)')
    .description(
      'put a backup into BERTH_DATA_DIR, which must be empty, and its records into the database of BERTH_DATABASE_URL where that is set: it ' +
        'must be empty too. Then start Berth: what was deployed is built again and runs',
    )
    .argument('<file>', 'what `berth backup` has written')
    .option('--key-file <file>', 'the key that opens the secrets in it; it is copied')
    .option('--json', 'one JSON object: what is in the backup')
    .action(async (file: string, options: { readonly keyFile?: string; readonly json?: true }) => {
      const config = parseConfig(readEnv());
      const progress = showProgress(process.stderr);
      const manifest = await restore(config, { file, keyFile: options.keyFile, progress });
      const withDatabase =
        config.databaseUrl === undefined ? '' : ', with the same BERTH_DATABASE_URL';
      const next = `Start it: BERTH_DATA_DIR=${config.dataDirectory} berth serve${withDatabase}`;
      say(manifest, options, `${file} is restored into ${config.dataDirectory}. ${next}`);
    });
}

function say(manifest: Manifest, { json }: { readonly json?: true }, done: string): void {
  process.stdout.on('error', () => {});
  process.stdout.write(
    json ? `${JSON.stringify(manifest)}\n` : `${printManifest(manifest)}\n${done}\n`,
  );
}
