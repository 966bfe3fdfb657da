import type { InstanceAddress, Target } from '../../core/route-table.ts';
import { chooseInstance } from '../connections/choose-instance.ts';
import {
  answerError,
  type ErrorAnswer,
  timedOut,
  unavailable,
  upstreamFailed,
} from './error-answer.ts';
import type { Carriage, Exchange } from './exchange.ts';
import type { Site } from './match-route.ts';

/** A place at an instance, counted until `leave`. */
export interface Place {
  readonly instance: InstanceAddress;
  readonly releaseId: string;
  readonly leave: () => void;
}

export interface Before {
  readonly refusal?: Refusal | undefined;
  /** The request was given to an instance in vain: meanwhile there may be another table of routes. */
  readonly isAgain: boolean;
}

/** An instance that has not taken the connection, so that another one may have the request. */
export interface Refusal {
  readonly instanceId: string;
  readonly error: Error;
}

type Take = (place: Place, site: Site) => void;

/**
 * Finds an instance for a request and hands it on, at once where one is there. Where none is, because the application sleeps or its
 * instance has just ended, the request waits for one; `take` is called then. Else the client gets an answer.
 */
export function reach(
  carriage: Carriage,
  exchange: Exchange,
  take: Take,
  { refusal, isAgain }: Before,
): void {
  const site = isAgain ? carriage.siteNow(exchange.site) : exchange.site;
  if (site !== undefined)
    find(carriage, exchange, take, { site, refusal, since: performance.now() });
  else answerError(exchange.res, gone(exchange.site), exchange.correlationId);
}

interface Search {
  readonly site: Site;
  readonly refusal?: Refusal | undefined;
  /** When it began. */
  readonly since: number;
}

function find(carriage: Carriage, exchange: Exchange, take: Take, search: Search): void {
  const { target } = search.site.route;
  if (target.kind !== 'process') {
    answerError(exchange.res, noProcess(search.site, target), exchange.correlationId);
    return;
  }
  const found = chooseAmong(carriage, target, search.refusal?.instanceId);
  if (found === undefined) wait(carriage, exchange, take, search);
  else enter(carriage, exchange, take, { ...found, site: search.site });
}

interface Found {
  readonly instance: InstanceAddress;
  readonly releaseId: string;
}

/** Among those of the release that serves; else of the one that served until now. */
function chooseAmong(
  { inFlight, nextTurn }: Carriage,
  { releaseId, instances, before }: Extract<Target, { kind: 'process' }>,
  except: string | undefined,
): Found | undefined {
  const choose = (from: readonly InstanceAddress[]) =>
    chooseInstance(from, inFlight.ofInstance, nextTurn(), except);
  const instance = choose(instances);
  if (instance !== undefined) return { instance, releaseId };
  const earlier = before === undefined ? undefined : choose(before.instances);
  return before === undefined || earlier === undefined
    ? undefined
    : { instance: earlier, releaseId: before.releaseId };
}

function enter(
  { inFlight, limits }: Carriage,
  { res, correlationId }: Exchange,
  take: Take,
  { instance, releaseId, site }: Found & { readonly site: Site },
): void {
  if (inFlight.ofInstance(instance.instanceId) >= limits.requestsPerInstance) {
    const reason = `It is busy with ${limits.requestsPerInstance} requests already.`;
    answerError(res, unavailable(site.route, reason, 1), correlationId);
    return;
  }
  const leave = inFlight.enter(releaseId, instance.instanceId);
  take({ instance, releaseId, leave }, site);
}

/** Until there is an instance, or the one that refused is known to be gone; as long as a start may take in all. */
function wait(carriage: Carriage, exchange: Exchange, take: Take, search: Search): void {
  const { limits, siteNow, waiting, onAwaited, guard } = carriage;
  const { res, correlationId } = exchange;
  const { site, refusal, since } = search;
  const answer = (error: ErrorAnswer): void => answerError(res, error, correlationId);
  const startMs = Math.max(0, since + limits.startMs - performance.now());
  const wake = (): void => {
    const now = siteNow(site);
    if (refusal === undefined && now !== undefined) onAwaited(now.route);
  };
  const left = waiting.enter(site.route.hostLabel, {
    forMs: refusal === undefined ? startMs : Math.min(limits.refusedMs, startMs),
    isOver: () => isNews(siteNow(site), refusal),
    // Another release may serve by now, which nobody has woken.
    still: wake,
    again() {
      res.off('close', leave);
      guard(res, () => lookAgain(carriage, exchange, take, search));
    },
    turnedAway(why) {
      res.off('close', leave);
      answer(why === 'closed' ? closing(site) : tooLate(site, refusal));
    },
  });
  const leave = typeof left === 'string' ? () => undefined : left;
  if (typeof left === 'string') {
    answer(left === 'closed' ? closing(site) : tooMany(site));
    return;
  }
  res.once('close', leave);
  wake();
}

function lookAgain(carriage: Carriage, exchange: Exchange, take: Take, search: Search): void {
  const site = carriage.siteNow(search.site);
  if (site !== undefined) find(carriage, exchange, take, { site, since: search.since });
  else answerError(exchange.res, gone(search.site), exchange.correlationId);
}

/** Whether there is anything to find that was not there when it refused, or when nothing was there. */
function isNews(site: Site | undefined, refusal: Refusal | undefined): boolean {
  const target = site?.route.target;
  if (target?.kind !== 'process') return true;
  const all = [...target.instances, ...(target.before?.instances ?? [])];
  if (refusal === undefined) return all.length > 0;
  const others = all.filter(({ instanceId }) => instanceId !== refusal.instanceId);
  return others.length > 0 || others.length === all.length;
}

function tooLate({ route }: Site, refusal: Refusal | undefined): ErrorAnswer {
  return refusal === undefined
    ? timedOut(route, 'did not start in time.')
    : upstreamFailed(route, refusal.error);
}

function tooMany({ route }: Site): ErrorAnswer {
  return unavailable(route, 'Too many requests wait for it to start.', 1);
}

function closing({ route }: Site): ErrorAnswer {
  return unavailable(route, 'Berth is being stopped.');
}

function gone({ route }: Site): ErrorAnswer {
  return unavailable(route, 'It is not deployed any more.');
}

function noProcess({ route }: Site, target: Exclude<Target, { kind: 'process' }>): ErrorAnswer {
  switch (target.kind) {
    case 'unavailable':
      return unavailable(route, target.reason);
    case 'files':
      return unavailable(route, 'It is being replaced.', 1);
    default:
      return target satisfies never;
  }
}
