import { Failure } from '../../core/failure.ts';
import type { LoginClient } from './choose-client.ts';
import { type ApiAnswer, send } from './send.ts';

export interface LoginToken {
  readonly accessToken: string;
  readonly scope: string;
  readonly projectKey: string;
  readonly lifetime: { readonly issuedAt: number; readonly expiresAt: number };
}

/** The CLI itself takes a token for over five minutes before it is. */
const marginMs = 5 * 60_000;

/** Logs in once: what is written down then is known to work. */
export async function askToken(apiUrl: string, client: LoginClient): Promise<LoginToken> {
  const issuedAt = Date.now();
  const { status, text } = await post(apiUrl, client);
  if (status === 401) {
    throw new Failure(`${apiUrl} does not know the API client "${client.clientId}".`, {
      nextStep:
        'It may be another Berth than the one these credentials are of. Name the right one with --api-url, or set BERTH_DATA_DIR as it is there.',
    });
  }
  if (status === 429) {
    throw new Failure(`${apiUrl} takes no login of this API client at the moment.`, {
      nextStep: 'Too many have failed. Try again in a minute, with the right secret.',
    });
  }
  const token = status === 200 ? parseToken(text) : undefined;
  if (token === undefined) {
    throw new Failure(`${apiUrl} gave no token, but status ${status}: ${text.slice(0, 500)}`, {
      nextStep: 'See that --api-url is the address of Berth’s API, not of its gateway.',
    });
  }
  return {
    accessToken: token.access_token,
    scope: token.scope,
    projectKey: chooseProject(token.scope, client),
    lifetime: { issuedAt, expiresAt: issuedAt + token.expires_in * 1000 - marginMs },
  };
}

function post(apiUrl: string, { clientId, clientSecret }: LoginClient): Promise<ApiAnswer> {
  const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
  return send(`${apiUrl}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
}

interface Token {
  readonly access_token: string;
  readonly expires_in: number;
  readonly scope: string;
}

function parseToken(text: string): Token | undefined {
  try {
    const token = JSON.parse(text) as Partial<Token> | null;
    const isToken =
      typeof token?.access_token === 'string' &&
      typeof token.expires_in === 'number' &&
      typeof token.scope === 'string';
    return isToken ? (token as Token) : undefined;
  } catch {
    // What answers there is not Berth.
    return undefined;
  }
}

/** As the CLI's own login, this insists on a scope of the project. */
function chooseProject(scope: string, { clientId, projectKey }: LoginClient): string {
  const projects = [...new Set(scope.split(' ').flatMap((one) => one.split(':')[1] ?? []))];
  const [only] = projects;
  if (projectKey === undefined && projects.length === 1 && only !== undefined) return only;
  if (projectKey !== undefined && projects.includes(projectKey)) return projectKey;
  const names = projects.length === 0 ? 'none' : projects.join(', ');
  throw new Failure(
    projectKey === undefined
      ? `The API client "${clientId}" has scopes of more or less than one project: ${names}.`
      : `The API client "${clientId}" has no scope of project "${projectKey}". Its projects: ${names}.`,
    { nextStep: 'Name a project of the client with --project, or a client of the project.' },
  );
}
