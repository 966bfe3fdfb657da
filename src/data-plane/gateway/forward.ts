import { isCutOff, isRefused, isUnsent } from '../connections/http/failures.ts';
import type { HttpRequest } from '../connections/http/http-connection.ts';
import { answerError, badRequest, breakOff, upstreamFailed } from './error-answer.ts';
import { type Carriage, type Exchange, isElsewhere, isSafe } from './exchange.ts';
import { requestHeaders } from './headers.ts';
import type { Site } from './match-route.ts';
import { originForm } from './origin-form.ts';
import { type Place, type Refusal, reach } from './reach.ts';
import { type RequestBody, requestBody } from './request-body.ts';
import { ResponseRelay } from './response-relay.ts';

/** Instances may go one after another; a request does not go round for ever. */
const mostTries = 3;

/** Carries a request to an instance and its answer back. */
export function forward(carriage: Carriage, exchange: Exchange): void {
  const { req, res, correlationId } = exchange;
  const path = originForm(req.url);
  if (path === undefined) {
    answerError(res, badRequest('The request target is not a path.'), correlationId);
    return;
  }
  const body = requestBody(req);
  send(carriage, exchange, {
    tries: 0,
    body,
    request: {
      path,
      method: req.method ?? 'GET',
      headers: requestHeaders(req, correlationId),
      body: body.stream,
    },
  });
}

interface Parcel {
  /** How often it was given to an instance in vain. */
  readonly tries: number;
  readonly body: RequestBody;
  readonly request: HttpRequest;
}

function send(carriage: Carriage, exchange: Exchange, parcel: Parcel, refusal?: Refusal): void {
  const take = (place: Place, site: Site): void => carry(carriage, exchange, parcel, place, site);
  reach(carriage, exchange, take, { refusal, isAgain: parcel.tries > 0 });
}

function carry(
  carriage: Carriage,
  exchange: Exchange,
  parcel: Parcel,
  place: Place,
  site: Site,
): void {
  const { req, res, correlationId } = exchange;
  const { body } = parcel;
  const failed = (error: Error): void => {
    const { instance, releaseId } = place;
    const maySendAgain =
      isRefused(error) ||
      isUnsent(error) ||
      // A release that ends just after it took over costs no request that another can answer.
      (isCutOff(error) && isSafe(req) && isElsewhere(carriage.siteNow(site), releaseId));
    if (res.headersSent) breakOff(res);
    else if (maySendAgain && !body.isTouched() && parcel.tries < mostTries) {
      const again = { ...parcel, tries: parcel.tries + 1 };
      const refusal = isUnsent(error) ? undefined : { instanceId: instance.instanceId, error };
      send(carriage, exchange, again, refusal);
    } else {
      body.stream?.destroy();
      answerError(res, upstreamFailed(site.route, error), correlationId);
    }
  };
  const pool = carriage.upstreams.pool(place.instance);
  const relay = new ResponseRelay({
    ...{ res, correlationId, finished: place.leave, withdraw: pool.withdraw },
    failed: (error) => carriage.guard(res, () => failed(error)),
  });
  pool.send(parcel.request, relay);
}
