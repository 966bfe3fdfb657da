import { addAbortSignal, type Readable } from 'node:stream';
import { readCredentials } from '../../compose/credentials.ts';
import { dataLayout } from '../../compose/data-layout.ts';
import type { Config } from '../../config/parse-config.ts';
import { Failure } from '../../core/failure.ts';

/** Who logs in. Without a project, the one that its token is for. */
export interface LoginClient {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly projectKey: string | undefined;
}

/** The client that is named, with its secret from stdin: command lines are for everybody to see. Else the one that Berth starts with. */
export async function chooseClient(
  named: { readonly clientId?: string; readonly project?: string },
  config: Pick<Config, 'bootstrap' | 'dataDirectory'>,
  input: Readable & { readonly isTTY?: boolean },
): Promise<LoginClient> {
  if (named.clientId !== undefined) {
    const clientSecret = await readSecret(input);
    return { clientId: named.clientId, clientSecret, projectKey: named.project };
  }
  const file = dataLayout(config.dataDirectory).credentials;
  const first = config.bootstrap ?? (await readCredentials(file));
  if (first === undefined) {
    throw new Failure(`There is no API client to log in with: ${file} does not exist.`, {
      nextStep:
        'Start Berth (berth serve), which makes one. If it runs already, set BERTH_DATA_DIR or the BERTH_BOOTSTRAP_ ' +
        'variables as they are for it, or name a client with --client-id and write its secret to stdin.',
    });
  }
  return { ...first, projectKey: named.project ?? first.projectKey };
}

const secretLimit = 1000;
const secretTimeoutMs = 60_000;

/** Its first line. */
async function readSecret(input: Readable & { readonly isTTY?: boolean }): Promise<string> {
  const nextStep = 'For example: --client-id … < file-with-the-secret';
  if (input.isTTY)
    throw new Failure('The secret of --client-id is read from stdin, which is a terminal.', {
      nextStep,
    });
  let text = '';
  try {
    addAbortSignal(AbortSignal.timeout(secretTimeoutMs), input).setEncoding('utf8');
    for await (const chunk of input) {
      text += chunk;
      if (text.includes('\n') || text.length > secretLimit) break;
    }
  } catch (cause) {
    throw new Failure('The secret of --client-id could not be read from stdin.', {
      cause,
      nextStep,
    });
  }
  const secret = text.split(/\r?\n/, 1)[0] ?? '';
  if (secret === '' || secret.length > secretLimit)
    throw new Failure('The first line on stdin is no client secret.', { nextStep });
  return secret;
}
