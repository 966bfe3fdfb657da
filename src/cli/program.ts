import { Command, Option } from 'commander';
import { ConfigMistakes } from '../config/parse-config.ts';
import { Failure } from '../core/failure.ts';
import type { QuickstartOptions } from './quickstart.ts';
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
  .action(async (options: { plane?: 'control' | 'data' }) => {
    const { serve } = await import('./serve.ts');
    await serve(options);
  });

program
  .command('quickstart')
  .description(
    'start a Berth of its own, deploy examples/hello-connector on it and show that it works. ' +
      'It keeps its data in BERTH_DATA_DIR, else in ./.berth/quickstart',
  )
  .option('--json', 'one JSON object per line: the steps, and a last one with the URLs')
  .option('--exit', 'stop when all is shown, instead of running until Ctrl-C')
  .action(async (options: QuickstartOptions) => {
    const { quickstart } = await import('./quickstart.ts');
    await quickstart(options);
  });

/** Only the one that was asked for is read: whole parts of Berth come with some of them, and a server needs none. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  artifacts: async () => (await import('./artifacts.ts')).artifactsCommand(),
  audit: async () => (await import('./audit.ts')).auditCommand(),
  backup: async () => (await import('./backup.ts')).backupCommand(),
  restore: async () => (await import('./backup.ts')).restoreCommand(),
  'rotate-key': async () => (await import('./rotate-key.ts')).rotateKeyCommand(),
  disk: async () => (await import('./disk.ts')).diskCommand(),
  'cli-login': async () => (await import('./cli-login.ts')).cliLoginCommand(),
  plan: async () => (await import('./plan.ts')).planCommand(),
  runs: async () => (await import('./runs.ts')).runsCommand(),
  'run-job': async () => (await import('./runs.ts')).runJobCommand(),
  certify: async () => (await import('./certify.ts')).certifyCommand(),
  doctor: async () => (await import('./doctor.ts')).doctorCommand(),
};
const [asked = ''] = process.argv.slice(2);
const needed = asked === 'serve' || asked === 'quickstart' ? [] : Object.keys(commands);
for (const name of Object.hasOwn(commands, asked) ? [asked] : needed) {
  const command = await commands[name]?.();
  if (command !== undefined) program.addCommand(command);
}

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
