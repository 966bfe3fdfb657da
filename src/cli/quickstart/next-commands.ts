import { quoteForShell } from '../../core/shell-quote.ts';
import { pathOf } from './deploy-example.ts';
import { type ExampleUrls, encodeEvent, publishPath } from './prove.ts';
import type { Command } from './show.ts';
import type { StartedBerth } from './start-berth.ts';

/** Three lines to paste. The secret is in none of them: it is read from its file when they run. */
export function nextCommands(
  { api, client, credentialsFile }: Pick<StartedBerth, 'api' | 'client' | 'credentialsFile'>,
  urls: ExampleUrls,
  needsToken: boolean,
): readonly Command[] {
  const { projectKey } = client;
  const token = `-H "Authorization: Bearer $(${tokenCommand(api, credentialsFile)})"`;
  const message = JSON.stringify({ messages: [{ data: encodeEvent({ hello: 'from curl' }) }] });
  const publish = [
    'curl -s',
    `${api}${publishPath(projectKey, urls.topic)}`,
    "-H 'Content-Type: application/json'",
    `-d ${quoteForShell(message)}`,
    ...(needsToken ? [token] : []),
  ];
  return [
    { what: 'Call the service', command: `curl -s ${urls.service}` },
    { what: 'Publish an event', command: publish.join(' ') },
    {
      what: 'Read what the event application logged',
      command: `curl -s ${token} '${api}${pathOf(projectKey)}/logs?applicationName=hello-event'`,
    },
  ];
}

function tokenCommand(api: string, credentialsFile: string): string {
  const readClient = `const c = require(${JSON.stringify(credentialsFile)}); c.clientId + ":" + c.clientSecret`;
  const readToken = 'JSON.parse(require("fs").readFileSync(0)).access_token';
  return `curl -s -u "$(node -p ${quoteForShell(readClient)})" -d grant_type=client_credentials ${api}/oauth/token | node -p ${quoteForShell(readToken)}`;
}
