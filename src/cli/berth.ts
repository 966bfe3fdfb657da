#!/usr/bin/env node
import { Command, Option } from 'commander';
import { ConfigMistakes } from '../config/parse-config.ts';
import { Failure } from '../core/failure.ts';
import { artifactsCommand } from './artifacts.ts';
import { auditCommand } from './audit.ts';
import { backupCommand, restoreCommand } from './backup.ts';
import { certifyCommand } from './certify.ts';
import { cliLoginCommand } from './cli-login.ts';
import { diskCommand } from './disk.ts';
import { doctorCommand } from './doctor.ts';
import { type QuickstartOptions, quickstart } from './quickstart.ts';
import { rotateKeyCommand } from './rotate-key.ts';
import { serve } from './serve.ts';
import { version } from './version.ts';

const program = new Command('berth')
  .description('Runs commercetools Connect connectors anywhere.')
  .version(version)
  .showHelpAfterError('(--help shows what there is)');

program
  .command('serve')
  .description(
    'start the server: API, OAuth and gateway. docs/configuration.md lists the variables it reads',
  )
  .addOption(
    new Option('--plane <name>', 'only one of the two planes').choices(['control', 'data']),
  )
  .action((options: { plane?: 'control' | 'data' }) => serve(options));

program
  .command('quickstart')
  .description(
    'start a Berth of its own, deploy examples/hello-connector on it and show that it works. ' +
      'It keeps its data in BERTH_DATA_DIR, else in ./.berth/quickstart',
  )
  .option('--json', 'one JSON object per line: the steps, and a last one with the URLs')
  .option('--exit', 'stop when all is shown, instead of running until Ctrl-C')
  .action((options: QuickstartOptions) => quickstart(options));

program.addCommand(artifactsCommand());
program.addCommand(auditCommand());
program.addCommand(backupCommand());
program.addCommand(restoreCommand());
program.addCommand(rotateKeyCommand());
program.addCommand(diskCommand());
program.addCommand(cliLoginCommand());
program.addCommand(certifyCommand());
program.addCommand(doctorCommand());

try {
  await program.parseAsync();
} catch (error) {
  const expected = error instanceof Failure || error instanceof ConfigMistakes;
  const text = expected
    ? error.message
    : error instanceof Error
      ? (error.stack ?? error.message)
      : String(error);
  process.stderr.write(`berth: ${text}\n`);
  if (error instanceof Failure && error.nextStep !== undefined)
    process.stderr.write(`${error.nextStep}\n`);
  process.exitCode = 1;
}
