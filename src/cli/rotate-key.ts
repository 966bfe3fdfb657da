import { Command } from 'commander';
import { type Rotated, replaceLostKey, rotateKey } from '../compose/rotate-key.ts';
import { parseConfig } from '../config/parse-config.ts';
import { readEnv } from '../config/read-env.ts';

interface Options {
  readonly json?: true;
  readonly lost?: true;
}

export function rotateKeyCommand(): Command {
  return new Command('rotate-key')
    .showHelpAfterError('(--help shows what there is)')
    .description(
      'exchange the master key that the keys of all secrets are sealed with. It works on BERTH_DATA_DIR; the server may run meanwhile. Cut off, ' +
        'it can be run again. Backups need the key that they were made with: keep the old one as long as you keep those',
    )
    .option(
      '--lost',
      'the master key is lost: begin with a new one. Every secured value must be set again, by redeploys',
    )
    .option('--json', 'one JSON object: from, to, keys, resumed')
    .action(async ({ json, lost }: Options) => {
      const config = parseConfig(readEnv());
      const rotated = await (lost ? replaceLostKey(config) : rotateKey(config));
      process.stdout.on('error', () => {});
      process.stdout.write(json ? `${JSON.stringify(rotated)}\n` : print(rotated, lost));
    });
}

function print({ from, to, keys, resumed }: Rotated, lost: true | undefined): string {
  if (lost) {
    return `Master key ${to} takes the place of ${from}, which is lost. Start Berth, and redeploy every Deployment with its secured values.\n`;
  }
  const how = resumed ? 'An exchange that was cut off is at its end: master' : 'Master';
  return `${how} key ${to} takes the place of ${from}. Keys that were sealed again: ${keys}. Keep a copy of the new key, and the old one as long as backups need it.\n`;
}
