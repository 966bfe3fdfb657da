import { homedir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { parseConfig } from '../config/parse-config.ts';
import { readEnv } from '../config/read-env.ts';
import { chooseApiUrl } from './api/api-url.ts';
import { askToken } from './api/ask-token.ts';
import { chooseClient } from './api/choose-client.ts';
import { type ApiOptions, addApiOptions } from './api/open-api.ts';
import { type CliLogin, keepLogin } from './cli-login/login-file.ts';

interface Options extends ApiOptions {
  readonly json?: true;
}

/** The official CLI's only way to another Connect API. */
const variable = 'CTP_CLI_CONNECT_API_URL';

export function cliLoginCommand(): Command {
  const command = new Command('cli-login')
    .showHelpAfterError('(--help shows what there is)')
    .description(
      'log the official CLI (@commercetools/cli) in to a running Berth. It prints the variable that the CLI needs: ' +
        'eval "$(berth cli-login)"',
    );
  return addApiOptions(command)
    .option('--json', 'one JSON object instead of the line for the shell')
    .action((options: Options) => logIn(options));
}

/**
 * Logs the official CLI in to a running Berth. Its own login asks an https host that Berth cannot answer for
 * on a laptop, so this writes the file that such a login leaves behind.
 */
async function logIn(options: Options): Promise<void> {
  const config = parseConfig(readEnv());
  const apiUrl = chooseApiUrl(options.apiUrl, config);
  const client = await chooseClient(options, config, process.stdin);
  const token = await askToken(apiUrl, client);
  const login: CliLogin = {
    clientId: client.clientId,
    clientSecret: client.clientSecret,
    projectKey: token.projectKey,
    scope: token.scope,
    region: regionOf(apiUrl),
    accessToken: token.accessToken,
    ...token.lifetime,
  };
  const file = join(homedir(), '.commercetools', 'credentials');
  const kept = await keepLogin(file, login);
  const done: Done = { login, apiUrl, file: kept.file, setAside: kept.setAside };
  if (options.json) tellScript(done);
  else tellPerson(done);
}

interface Done {
  readonly login: CliLogin;
  readonly apiUrl: string;
  readonly file: string;
  readonly setAside: string | undefined;
}

/**
 * The CLI asks `https://auth.<region>.commercetools.com` for its next token. With this region that is a path of Berth, where it is
 * reached by https as `auth.<its name>`, and nowhere else: a secret of Berth must not go to commercetools.
 */
function regionOf(apiUrl: string): string {
  return `${new URL(apiUrl).host}/`;
}

function tellScript({ login, apiUrl, file, setAside }: Done): void {
  const { projectKey, clientId, expiresAt } = login;
  const told = {
    projectKey,
    clientId,
    apiUrl,
    credentialsFile: file,
    ...(setAside === undefined ? {} : { previousLogin: setAside }),
    expiresAt: new Date(expiresAt).toISOString(),
    environment: { [variable]: apiUrl },
  };
  process.stdout.write(`${JSON.stringify(told)}\n`);
}

/** Only the line for the shell goes to stdout, so that `eval` can take it. */
function tellPerson({ login, apiUrl, file, setAside }: Done): void {
  const until = `${new Date(login.expiresAt).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  const lines = [
    `The official CLI is logged in to project "${login.projectKey}" until ${until}: ${file}`,
    ...(setAside === undefined ? [] : [`Your other login is kept: ${setAside}`]),
    `Set this variable wherever you run it. Then try: commercetools connect deployment list`,
  ];
  process.stderr.write(`${lines.join('\n')}\n`);
  process.stdout.write(`export ${variable}=${apiUrl}\n`);
}
