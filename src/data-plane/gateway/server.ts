import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { InstanceAddress, Route, RouteTable } from '../../core/route-table.ts';
import type { Logger } from '../../ports/logger.ts';
import type { InFlight } from '../connections/in-flight.ts';
import { createWaitingRoom } from '../connections/waiting-room.ts';
import { answerError, breakOff, internalError, unavailable, unknownHost } from './error-answer.ts';
import type { Carriage, Exchange } from './exchange.ts';
import { forward } from './forward.ts';
import { correlationIdOf } from './headers.ts';
import { createHttpServer, type RequestTakers } from './http-server.ts';
import { boundedLimits, defaultLimits, type GatewayLimits } from './limits.ts';
import { createListeners, type PortOutcome } from './listeners.ts';
import { compileRouting, type Entrance, matchRoute, type Site } from './match-route.ts';
import { expectsContinue, refusalOf } from './refusal.ts';
import { createRequestMeter, type RequestLog, watchRequest } from './request-log.ts';
import { createSiteOpener } from './sites.ts';
import { forwardUpgrade } from './upgrade.ts';
import { createUpstreams } from './upstreams.ts';

export interface GatewayOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Where the applications' own ports are opened. */
  readonly loopbackHost: string;
  /** Called when a request is over. What it throws is logged and goes no further. */
  readonly onRequest: (entry: RequestLog) => void;
  /** Where requests are counted while they are under way. */
  readonly inFlight: InFlight;
  /** Called where a request waits for an application of which nothing answers. */
  readonly onAwaited: (route: Route) => void;
  readonly logger?: Logger;
  readonly limits?: Partial<GatewayLimits>;
}

/** The front of all applications: by host name on one port, and by a port of their own on loopback. */
export interface Gateway extends AsyncDisposable {
  readonly port: number;
  /**
   * From the moment this resolves new requests find the new table; those under way finish where they began.
   * Answers what became of each port in the table; one in conflict is tried again with the next table.
   */
  applyRoutes(table: RouteTable): Promise<readonly PortOutcome[]>;
}

export async function openGateway(options: GatewayOptions): Promise<Gateway> {
  const limits = boundedLimits({ ...defaultLimits, ...options.limits });
  const { inFlight, onAwaited } = options;
  const upstreams = createUpstreams(limits);
  const waiting = createWaitingRoom(limits.waitingPerApplication);
  const openSites = createSiteOpener(limits.filesPerSite, options.logger);
  let sites: readonly Site[] = [];
  let routing = compileRouting(sites);
  let turn = 0;
  const guard = createGuard(options.logger);
  const carriage: Carriage = {
    limits,
    inFlight,
    upstreams,
    waiting,
    onAwaited,
    siteNow: (site) => routing.byLabel.get(site.route.hostLabel.toLowerCase()),
    guard,
    nextTurn: () => turn++,
  };
  const takersAt = createTakers({
    carriage,
    match: (entrance, host) => matchRoute(routing, entrance, host),
    report: createReporter(options),
  });
  const listeners = createListeners(options.loopbackHost, (port) =>
    createHttpServer(limits, takersAt({ port })),
  );
  const shared = createHttpServer(limits, takersAt('shared'));
  const port = await listeners.open(shared, options.host, options.port);

  const apply = async (table: RouteTable): Promise<readonly PortOutcome[]> => {
    const opened = await openSites(table);
    if (opened !== sites) {
      sites = opened;
      routing = compileRouting(sites);
      upstreams.keep(instancesOf(sites));
    }
    waiting.callIn();
    return listeners.keep([...routing.byPort.keys()]);
  };
  let applied: Promise<unknown> = Promise.resolve();

  return {
    port,
    applyRoutes(table) {
      const outcome = applied.then(() => apply(table));
      // A table that failed is reported to whoever brought it, and must not hold up the next one.
      applied = outcome.catch(() => undefined);
      return outcome;
    },
    async [Symbol.asyncDispose]() {
      await applied;
      waiting.close();
      await listeners.close(limits.drainMs);
      upstreams[Symbol.dispose]();
    },
  };
}

/** Whoever sends more than this behind a refused request does not wait for an answer. */
const mostFollowing = 100;

interface TakerDeps {
  readonly carriage: Carriage;
  readonly match: (entrance: Entrance, host: string | undefined) => Site | undefined;
  readonly report: (entry: () => RequestLog) => void;
}

function createTakers({ carriage, match, report }: TakerDeps) {
  const { guard } = carriage;
  const meter = createRequestMeter();
  /**
   * Connections on which a request was refused, and how many have followed it: they end with that answer, and what follows may be a part
   * of what was refused.
   */
  const turnedAway = new WeakMap<object, number>();
  const isTurnedAway = (socket: Duplex): boolean => {
    const followed = turnedAway.get(socket);
    if (followed === undefined) return false;
    turnedAway.set(socket, followed + 1);
    // Each is held in memory until that answer has had its turn.
    if (followed >= mostFollowing) socket.destroy();
    return true;
  };

  const begin = (entrance: Entrance, req: IncomingMessage, res: ServerResponse) => {
    // A client that goes away is noticed by its connection's end; the error adds nothing.
    res.on('error', () => undefined);
    const correlationId = correlationIdOf(req.headers);
    const site = match(entrance, req.headers.host);
    const refusal = refusalOf(req, carriage.limits);
    if (refusal !== undefined) turnedAway.set(req.socket, 0);
    if (site === undefined) {
      answerError(res, refusal ?? unknownHost(req.headers.host), correlationId);
      return undefined;
    }
    const entry = watchRequest({ req, res, route: site.route, measure: meter(req) });
    return { exchange: { req, res, site, correlationId }, refusal, entry };
  };

  return (entrance: Entrance): RequestTakers => ({
    onRequest(req, res) {
      if (isTurnedAway(req.socket)) return;
      guard(res, () => {
        const begun = begin(entrance, req, res);
        if (begun === undefined) return;
        res.once('close', () => report(begun.entry));
        if (begun.refusal === undefined) answer(carriage, begun.exchange);
        else answerError(res, begun.refusal, begun.exchange.correlationId);
      });
    },
    onUpgrade(req, socket, head) {
      // Without a listener a connection reset would end the whole process.
      socket.on('error', () => undefined);
      if (isTurnedAway(req.socket)) return void socket.destroy();
      const res = rawResponse(req, socket);
      guard(res, () => {
        const begun = begin(entrance, req, res);
        if (begun === undefined) return;
        socket.once('close', () => report(begun.entry));
        const { exchange, refusal } = begun;
        if (refusal !== undefined) answerError(res, refusal, exchange.correlationId);
        else if (exchange.site.route.target.kind !== 'process') answer(carriage, exchange);
        else forwardUpgrade(carriage, { ...exchange, socket, head });
      });
    },
  });
}

/** A mistake of ours costs one request, not all of them. */
function createGuard(logger: Logger | undefined): Carriage['guard'] {
  return (res, work) => {
    try {
      work();
    } catch (error) {
      logger?.error({ error }, 'a request could not be carried');
      if (res.headersSent) breakOff(res);
      else answerError(res, internalError);
    }
  };
}

function answer(carriage: Carriage, exchange: Exchange): void {
  const { req, res, site, correlationId } = exchange;
  const { target } = site.route;
  switch (target.kind) {
    case 'process':
      if (expectsContinue(req)) askForBody(res);
      forward(carriage, exchange);
      break;
    case 'files':
      res.once('close', carriage.inFlight.enter(target.releaseId));
      site.files?.answer(req, res, correlationId);
      break;
    case 'unavailable':
      answerError(res, unavailable(site.route, target.reason), correlationId);
      break;
    default:
      target satisfies never;
  }
}

/** Behind another answer there is no connection for it yet, and it would come in between the head and the body of its own. */
function askForBody(res: ServerResponse): void {
  const ask = (): void => {
    if (!res.headersSent) res.writeContinue();
  };
  if (res.socket === null) res.once('socket', ask);
  else ask();
}

/** Until the upgrade is agreed, the connection answers like any other. */
function rawResponse(req: IncomingMessage, socket: Duplex): ServerResponse {
  const res = new ServerResponse(req);
  res.shouldKeepAlive = false;
  res.assignSocket(req.socket);
  // No limit holds for it any more: whoever leaves it open would have it for ever.
  res.once('finish', () => socket.end(() => socket.destroy()));
  return res;
}

function createReporter({ onRequest, logger }: GatewayOptions) {
  return (entry: () => RequestLog): void => {
    try {
      onRequest(entry());
    } catch (error) {
      logger?.error({ error }, 'a request could not be logged');
    }
  };
}

function instancesOf(sites: readonly Site[]): InstanceAddress[] {
  return sites.flatMap(({ route: { target } }) =>
    target.kind === 'process' ? [...target.instances, ...(target.before?.instances ?? [])] : [],
  );
}
