import type { ConnectorContent } from '../core/connector.ts';
import { hideCredentials } from '../core/repository-url.ts';

/** Of a Connector that other projects see too. */
export function printPublicRepository({ repository: { url, tag } }: ConnectorContent) {
  return { url: hideCredentials(url), tag };
}
