import { Command } from 'commander';
import { deploymentPath } from './api/deployment-path.ts';
import { type ApiOptions, addApiOptions, openApi } from './api/open-api.ts';
import { type Plan, printPlan } from './plan/print-plan.ts';
import { readRedeploy, type ValueOptions } from './plan/read-redeploy.ts';

interface Options extends ApiOptions, ValueOptions {
  readonly json?: true;
}

export function planCommand(): Command {
  const command = new Command('plan')
    .showHelpAfterError('(--help shows what there is)')
    .description(
      'tell what a redeploy would do, without doing it: what changes, what is built again and what restarts. ' +
        'It asks a running Berth, and ends with 1 where a build would fail before it begins',
    )
    .argument('<id-or-key>', 'the Deployment')
    .option('--update-connector', 'as if it took the newest version of its Connector')
    .option('--skip-scripts', 'as if no script ran')
    .option(
      '--set <application.KEY=value>',
      'a plain value that it would be given; may be repeated',
      collect,
    )
    .option(
      '--set-global <KEY=value>',
      'a plain value for all applications; may be repeated',
      collect,
    )
    .option(
      '--values <file>',
      'JSON with configurationValues and globalConfiguration, as the redeploy takes them. Secrets belong there: command lines are for everybody to see',
    );
  return addApiOptions(command)
    .option('--json', 'one JSON object, as the API answers it')
    .action((idOrKey: string, options: Options) => plan(idOrKey, options));
}

const collect = (text: string, all: readonly string[] = []): readonly string[] => [...all, text];

async function plan(idOrKey: string, options: Options): Promise<void> {
  const action = await readRedeploy(options);
  const api = await openApi(options, process.stdin);
  const path = deploymentPath(api, idOrKey);
  const { version } = await api.ask<{ readonly version: number }>('GET', path);
  const planned = await api.ask<Plan>('POST', `${path}/plan`, { version, actions: [action] });
  process.stdout.write(options.json ? `${JSON.stringify(planned)}\n` : printPlan(planned));
  if (planned.applications.some(({ build }) => build?.outcome === 'fail')) process.exitCode = 1;
}
