import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Route } from '../../core/route-table.ts';
import type { InFlight } from '../connections/in-flight.ts';
import type { WaitingRoom } from '../connections/waiting-room.ts';
import type { GatewayLimits } from './limits.ts';
import type { Site } from './match-route.ts';
import type { Upstreams } from './upstreams.ts';

/** One request and the answer to it. */
export interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly site: Site;
  readonly correlationId: string;
}

export interface Carriage {
  readonly limits: GatewayLimits;
  readonly inFlight: InFlight;
  readonly upstreams: Upstreams;
  readonly waiting: WaitingRoom;
  /** The same application in the table of this moment; undefined where it is not there any more. */
  readonly siteNow: (site: Site) => Site | undefined;
  /** A mistake of ours in what is done costs this request, and no other. */
  readonly guard: (res: ServerResponse, work: () => void) => void;
  readonly nextTurn: () => number;
  /** Somebody waits for an application of which nothing answers. */
  readonly onAwaited: (route: Route) => void;
}

/** Whether another release than this one serves by now, or would. */
export function isElsewhere(site: Site | undefined, releaseId: string): boolean {
  const target = site?.route.target;
  if (target?.kind !== 'process') return false;
  return target.releaseId !== releaseId || target.before !== undefined;
}

/** RFC 9110, section 9.2.1: asking twice does no harm. */
export function isSafe({ method }: IncomingMessage): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}
