import type { IncomingMessage, ServerResponse } from 'node:http';
import type { InstanceAddress } from '../../core/route-table.ts';
import { chooseInstance } from './choose-instance.ts';
import { type ErrorAnswer, unavailable } from './error-answer.ts';
import type { InFlight } from './in-flight.ts';
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
  /** The same application in the table of this moment, where it is still there. */
  readonly siteNow: (site: Site) => Site;
  readonly nextTurn: () => number;
}

/** A place at an instance, counted until `leave`. */
export interface Place {
  readonly instance: InstanceAddress;
  readonly leave: () => void;
}

export function takePlace(
  carriage: Carriage,
  { route }: Site,
  refusedBy?: string,
): Place | ErrorAnswer {
  const { inFlight, limits } = carriage;
  const { target } = route;
  if (target.kind === 'unavailable') return unavailable(route, target.reason);
  if (target.kind === 'files') return unavailable(route, 'It is being replaced.', 1);
  const instance = chooseInstance(
    target.instances,
    inFlight.ofInstance,
    carriage.nextTurn(),
    refusedBy,
  );
  if (instance === undefined) return unavailable(route, 'No instance of it is running.');
  if (inFlight.ofInstance(instance.instanceId) >= limits.requestsPerInstance) {
    const reason = `It is busy with ${limits.requestsPerInstance} requests already.`;
    return unavailable(route, reason, 1);
  }
  return { instance, leave: inFlight.enter(target.releaseId, instance.instanceId) };
}

/** Nobody listened on its port, or its socket was gone: it has not seen the request. */
export function isRefused(error: Error): boolean {
  return 'code' in error && (error.code === 'ECONNREFUSED' || error.code === 'ENOENT');
}
