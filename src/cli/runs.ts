import { setTimeout as wait } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { Failure } from '../core/failure.ts';
import { hasRunEnded, jobRunStates } from '../core/job-run.ts';
import { deploymentPath } from './api/deployment-path.ts';
import { type Api, type ApiOptions, addApiOptions, openApi } from './api/open-api.ts';
import { printRuns, type Run, type RunPage } from './runs/print-runs.ts';

interface RunsOptions extends ApiOptions {
  readonly application?: string;
  readonly state?: string;
  readonly limit: string;
  readonly json?: true;
}

export function runsCommand(): Command {
  const command = new Command('runs')
    .showHelpAfterError('(--help shows what there is)')
    .description('list the runs of the job applications of a Deployment, newest first')
    .argument('<id-or-key>', 'the Deployment')
    .option('--application <name>', 'only of this application')
    .addOption(new Option('--state <name>', 'only those in this state').choices(jobRunStates))
    .option('--limit <number>', 'at most so many: up to 500', '20');
  return addApiOptions(command)
    .option('--json', 'one JSON object, as the API answers it')
    .action((idOrKey: string, options: RunsOptions) => listRuns(idOrKey, options));
}

async function listRuns(idOrKey: string, options: RunsOptions): Promise<void> {
  const api = await openApi(options, process.stdin);
  const { limit, application, state } = options;
  const query = new URLSearchParams({
    limit,
    ...(application === undefined ? {} : { applicationName: application }),
    ...(state === undefined ? {} : { state }),
  });
  const page = await api.ask<RunPage>('GET', `${deploymentPath(api, idOrKey)}/runs?${query}`);
  process.stdout.write(options.json ? `${JSON.stringify(page)}\n` : printRuns(page.results));
  const left = page.total - page.results.length;
  if (left > 0)
    process.stderr.write(`${left} older ${left === 1 ? 'run is' : 'runs are'} not shown\n`);
}

interface RunJobOptions extends ApiOptions {
  readonly wait?: true;
  readonly json?: true;
}

export function runJobCommand(): Command {
  const command = new Command('run-job')
    .showHelpAfterError('(--help shows what there is)')
    .description('run a job application of a Deployment now, besides its schedule')
    .argument('<id-or-key>', 'the Deployment')
    .argument('<application>', 'the job application')
    .option('--wait', 'until it has ended; ends with 1 where that is no success');
  return addApiOptions(command)
    .option('--json', 'one JSON object, as the API answers it')
    .action(runJob);
}

async function runJob(idOrKey: string, application: string, options: RunJobOptions): Promise<void> {
  const api = await openApi(options, process.stdin);
  const path = deploymentPath(api, idOrKey);
  const asked = await api.ask<Run>('POST', `${path}/jobs/${encodeURIComponent(application)}/run`);
  const run = options.wait ? await follow(api, `${path}/runs/${asked.id}`) : asked;
  process.stdout.write(options.json ? `${JSON.stringify(run)}\n` : printRuns([run]));
  if (options.wait && run.state !== 'succeeded') process.exitCode = 1;
}

const pollMs = 300;
/** It begins within 10 minutes, where something of it runs, and takes 30 at most. */
const longestMs = 45 * 60_000;

async function follow(api: Api, path: string): Promise<Run> {
  const deadline = Date.now() + longestMs;
  while (true) {
    const run = await api.ask<Run>('GET', path);
    if (hasRunEnded(run)) return run;
    if (Date.now() > deadline) {
      throw new Failure(`The run ${run.id} has not ended within ${longestMs / 60_000} minutes.`, {
        nextStep: `It is ${run.state}. See it with berth runs, and whether the data plane works with berth doctor.`,
      });
    }
    await wait(pollMs);
  }
}
