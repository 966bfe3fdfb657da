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
  readonly releaseId: string;
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
  const choose = (instances: readonly InstanceAddress[]) =>
    chooseInstance(instances, inFlight.ofInstance, carriage.nextTurn(), refusedBy);
  let { releaseId } = target;
  let instance = choose(target.instances);
  if (
    target.before !== undefined &&
    refusedBy !== undefined &&
    instance?.instanceId === refusedBy
  ) {
    releaseId = target.before.releaseId;
    instance = choose(target.before.instances);
  }
  if (instance === undefined) return unavailable(route, 'No instance of it is running.');
  if (inFlight.ofInstance(instance.instanceId) >= limits.requestsPerInstance) {
    const reason = `It is busy with ${limits.requestsPerInstance} requests already.`;
    return unavailable(route, reason, 1);
  }
  return { instance, releaseId, leave: inFlight.enter(releaseId, instance.instanceId) };
}

/** Whether another release than this one serves by now, or would. */
export function isElsewhere({ route: { target } }: Site, releaseId: string): boolean {
  if (target.kind !== 'process') return false;
  return target.releaseId !== releaseId || target.before !== undefined;
}

/** RFC 9110, section 9.2.1: asking twice does no harm. */
export function isSafe({ method }: IncomingMessage): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}

/** The instance ended, or let the connection go, before it answered. */
export function isBroken(error: Error): boolean {
  return 'code' in error && ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(String(error.code));
}

/** Nobody listened on its port, or its socket was gone: it has not seen the request. */
export function isRefused(error: Error): boolean {
  return 'code' in error && (error.code === 'ECONNREFUSED' || error.code === 'ENOENT');
}
