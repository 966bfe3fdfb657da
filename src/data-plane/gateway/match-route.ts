import type { Route } from '../../core/route-table.ts';
import type { FileSite } from './files.ts';

/** A route and what it needs to answer. */
export interface Site {
  readonly route: Route;
  /** Present where the target is files. */
  readonly files?: FileSite;
}

/** A route table made ready for look-ups. Never changed: a new table makes a new one. */
export interface Routing {
  readonly byLabel: ReadonlyMap<string, Site>;
  readonly byPort: ReadonlyMap<number, Site>;
}

/** Where a request came in: the port all applications share, or an application's own. */
export type Entrance = 'shared' | { readonly port: number };

/** Where two routes claim the same name or port, the first has it. */
export function compileRouting(sites: readonly Site[]): Routing {
  const byLabel = new Map<string, Site>();
  const byPort = new Map<number, Site>();
  for (const site of sites) {
    const { hostLabel, port, platformOnly } = site.route;
    const label = hostLabel.toLowerCase();
    if (!platformOnly && !byLabel.has(label)) byLabel.set(label, site);
    if (port !== undefined && !byPort.has(port)) byPort.set(port, site);
  }
  return { byLabel, byPort };
}

export function matchRoute(
  routing: Routing,
  entrance: Entrance,
  host: string | undefined,
): Site | undefined {
  if (entrance !== 'shared') return routing.byPort.get(entrance.port);
  return host === undefined ? undefined : routing.byLabel.get(firstLabel(host));
}

function firstLabel(host: string): string {
  return (/^[^.:]*/.exec(host)?.[0] ?? '').toLowerCase();
}
