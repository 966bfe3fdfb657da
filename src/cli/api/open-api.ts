import type { Readable } from 'node:stream';
import type { Command } from 'commander';
import { parseConfig } from '../../config/parse-config.ts';
import { readEnv } from '../../config/read-env.ts';
import { Failure } from '../../core/failure.ts';
import { chooseApiUrl } from './api-url.ts';
import { askToken } from './ask-token.ts';
import { chooseClient } from './choose-client.ts';
import { send } from './send.ts';

/** Which Berth, and as whom. */
export interface ApiOptions {
  readonly project?: string;
  readonly apiUrl?: string;
  readonly clientId?: string;
}

export function addApiOptions(command: Command): Command {
  return command
    .option('--project <key>', 'the project to work on: that of the API client unless given')
    .option('--api-url <url>', 'where Berth is: where its settings say unless given')
    .option(
      '--client-id <id>',
      'another API client than the one that Berth starts with; its secret is read from stdin',
    );
}

/** A running Berth's API, as one of its clients. */
export interface Api {
  readonly projectKey: string;
  /** @throws Failure with what the API says, where it is no success */
  ask<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T>;
}

/** Looking at a repository may take a while. */
const timeoutMs = 180_000;

export async function openApi(options: ApiOptions, input: Readable): Promise<Api> {
  const config = parseConfig(readEnv());
  const apiUrl = chooseApiUrl(options.apiUrl, config);
  const { accessToken, projectKey } = await askToken(
    apiUrl,
    await chooseClient(options, config, input),
  );
  return {
    projectKey,
    async ask(method, path, body) {
      const { status, text } = await send(`${apiUrl}${path}`, {
        method,
        timeoutMs,
        headers: {
          authorization: `Bearer ${accessToken}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (status >= 200 && status < 300) return JSON.parse(text);
      throw new Failure(errorsOf(text).join('\n') || `The API answered with status ${status}.`);
    },
  };
}

interface ApiErrors {
  readonly errors?: readonly { readonly message: string; readonly detailedErrorMessage?: string }[];
}

/** A line for each. What is no answer of Berth's has none. */
function errorsOf(text: string): readonly string[] {
  try {
    const { errors = [] }: ApiErrors = JSON.parse(text);
    return errors.map(({ message, detailedErrorMessage: detail }) =>
      detail === undefined ? message : `${message} ${detail}`,
    );
  } catch {
    return [];
  }
}
