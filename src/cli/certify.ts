import { Command } from 'commander';
import { certifyConnector, listCertifications } from '../compose/certification.ts';
import { parseConfig } from '../config/parse-config.ts';
import { readEnv } from '../config/read-env.ts';
import type { CertificationStep } from '../core/certification.ts';
import type { ConnectorStaged } from '../core/connector.ts';
import { Failure } from '../core/failure.ts';
import { hideCredentials } from '../core/repository-url.ts';
import { printTable } from './print-table.ts';

interface Options {
  readonly project?: string;
  readonly comment?: string;
  readonly json?: true;
}

/** As the API takes them (docs/api-compat.md). */
const maxCommentCharacters = 2000;

export function certifyCommand(): Command {
  const command = new Command('certify')
    .showHelpAfterError('(--help shows what there is)')
    .description(
      'certify Connectors, as the hosted platform’s vendor does: what is approved becomes public. It works on the records in BERTH_DATA_DIR; ' +
        'the server may run meanwhile',
    )
    // Whoever reads only the first lines has seen enough, and what is done is done.
    .hook('preAction', () => void process.stdout.on('error', () => {}));
  command
    .command('list')
    .description('show what waits to be certified, longest first')
    .option('--project <key>', 'of this project; of all of them unless given')
    .option('--json', 'one JSON object per line')
    .action((options: Options) => list(options));
  for (const [step, description] of Object.entries(steps)) {
    command
      .command(`${step} <id-or-key>`)
      .description(description)
      .option('--project <key>', 'of the ConnectorStaged, where several projects have the key')
      .option('--comment <text>', 'what its creator reads in certificationInfo')
      .option('--json', 'one JSON object')
      .action((idOrKey: string, options: Options) =>
        take(step as CertificationStep, idOrKey, options),
      );
  }
  return command;
}

const steps: Readonly<Record<CertificationStep, string>> = {
  start: 'begin: its creator can see that somebody looks at it',
  approve: 'make public what was validated, and certified',
  reject: 'send it back to its creator, as a draft',
};

async function list({ project, json }: Options): Promise<void> {
  const waiting = await listCertifications(parseConfig(readEnv()), project);
  if (json) {
    for (const one of waiting) process.stdout.write(`${JSON.stringify(toJson(one))}\n`);
  } else if (waiting.length === 0) {
    process.stdout.write('Nothing waits to be certified.\n');
  } else {
    process.stdout.write(
      printTable(['ID', 'PROJECT', 'KEY', 'STATUS', 'NAME', 'REPOSITORY'], waiting.map(toRow)),
    );
  }
}

async function take(
  step: CertificationStep,
  idOrKey: string,
  { project, comment, json }: Options,
): Promise<void> {
  refuseLongComment(comment);
  const staged = await certifyConnector(
    parseConfig(readEnv()),
    { idOrKey, ...(project === undefined ? {} : { projectKey: project }) },
    { step, ...(comment === undefined ? {} : { comment }) },
  );
  if (json) process.stdout.write(`${JSON.stringify(toJson(staged))}\n`);
  else process.stdout.write(`${staged.id} is ${staged.status} now. ${whatNow(step, staged)}\n`);
}

function refuseLongComment(comment: string | undefined): void {
  if (comment === undefined) return;
  if (comment.trim() === '' || comment.length > maxCommentCharacters)
    throw new Failure(`--comment must have 1 to ${maxCommentCharacters} characters.`);
}

function whatNow(step: CertificationStep, { id }: ConnectorStaged): string {
  switch (step) {
    case 'start':
      return `End it with: berth certify approve ${id}, or: berth certify reject ${id} --comment …`;
    case 'approve':
      return 'Every project can find and deploy it.';
    case 'reject':
      return 'Its creator can change it and ask again.';
    default:
      return step satisfies never;
  }
}

function toRow({ id, projectKey, key = '', status, name, ...rest }: ConnectorStaged) {
  const { repository } = rest.candidate ?? rest;
  return [
    id,
    projectKey,
    key,
    status,
    name,
    `${hideCredentials(repository.url)} ${repository.tag}`,
  ];
}

function toJson(staged: ConnectorStaged) {
  const { id, projectKey, key, version, status, name } = staged;
  const { repository, commit } = staged.candidate ?? staged;
  const { url, tag } = repository;
  const shown = { url: hideCredentials(url), tag };
  return { id, projectKey, key, version, status, name, repository: shown, commit };
}
