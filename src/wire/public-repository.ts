import type { ConnectorContent } from '../core/connector.ts';

/** Up to the last `@`, as passwords may hold one. The user name of ssh is no secret, and mostly `git`. */
const credentials = /^(ssh:\/\/[^\s/:@]*:|(?!ssh:)[a-z][a-z0-9+.-]*:\/\/)[^\s/]*@/i;

/** Of a Connector that other projects see too: how its creator reads the repository is none of their business. */
export function printPublicRepository({ repository: { url, tag } }: ConnectorContent) {
  return { url: url.replace(credentials, '$1***@'), tag };
}
