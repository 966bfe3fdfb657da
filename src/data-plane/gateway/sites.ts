import type { Route, RouteTable } from '../../core/route-table.ts';
import type { Logger } from '../../ports/logger.ts';
import { type FileSite, openFileSite } from './files.ts';
import type { Site } from './match-route.ts';

/** Makes routes ready to answer. A folder that is served already is not read again. */
export function createSiteOpener(
  fileLimit: number,
  logger: Logger | undefined,
): (table: RouteTable) => Promise<readonly Site[]> {
  let opened = new Map<string, FileSite>();

  const openSite = async (route: Route, kept: Map<string, FileSite>): Promise<Site> => {
    const { target } = route;
    if (target.kind !== 'files') return { route };
    const key = JSON.stringify([route.deploymentId, route.applicationName, target]);
    try {
      const files = opened.get(key) ?? (await openFileSite(route, target, fileLimit));
      kept.set(key, files);
      return { route, files };
    } catch (error) {
      const { deploymentId, applicationName } = route;
      logger?.error({ deploymentId, applicationName, error }, 'files cannot be served');
      const reason = `Its files cannot be read. ${error instanceof Error ? error.message : error}`;
      return { route: { ...route, target: { kind: 'unavailable', reason } } };
    }
  };

  return async (table) => {
    const kept = new Map<string, FileSite>();
    const sites = await Promise.all(table.map((route) => openSite(route, kept)));
    opened = kept;
    return sites;
  };
}
