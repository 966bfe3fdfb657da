import type { Route, RouteTable } from '../../core/route-table.ts';
import type { Logger } from '../../ports/logger.ts';
import { type FileSite, openFileSite } from './files.ts';
import type { Site } from './match-route.ts';

/**
 * Makes routes ready to answer. A folder that is served already is not read again, and one that cannot be
 * read is tried with every table and complained of once. Of the same table nothing else is made anew.
 */
export function createSiteOpener(
  fileLimit: number,
  logger: Logger | undefined,
): (table: RouteTable) => Promise<readonly Site[]> {
  let opened = new Map<string, FileSite>();
  let failed = new Set<string>();
  let last: { readonly table: RouteTable; readonly sites: readonly Site[] } | undefined;

  const openSite = async (route: Route, kept: Map<string, FileSite>, failing: Set<string>) => {
    const { target } = route;
    if (target.kind !== 'files') return { route };
    const key = JSON.stringify([route.deploymentId, route.applicationName, target]);
    try {
      const files = opened.get(key) ?? (await openFileSite(route, target, fileLimit));
      kept.set(key, files);
      return { route, files };
    } catch (error) {
      failing.add(key);
      const { deploymentId, applicationName } = route;
      if (!failed.has(key)) {
        logger?.error({ deploymentId, applicationName, error }, 'files cannot be served');
      }
      const reason = `Its files cannot be read. ${error instanceof Error ? error.message : error}`;
      return { route: { ...route, target: { kind: 'unavailable', reason } as const } };
    }
  };

  return async (table) => {
    if (table === last?.table && failed.size === 0) return last.sites;
    const kept = new Map<string, FileSite>();
    const failing = new Set<string>();
    const sites = await Promise.all(table.map((route) => openSite(route, kept, failing)));
    opened = kept;
    failed = failing;
    last = { table, sites };
    return sites;
  };
}
