import type { Dispatcher } from 'undici';
import { answerError, badRequest, upstreamFailed } from './error-answer.ts';
import {
  type Carriage,
  type Exchange,
  isBroken,
  isElsewhere,
  isRefused,
  isSafe,
  takePlace,
} from './exchange.ts';
import { requestHeaders } from './headers.ts';
import { originForm } from './origin-form.ts';
import { type RequestBody, requestBody } from './request-body.ts';
import { ResponseRelay } from './response-relay.ts';

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
    body,
    options: {
      path,
      method: req.method ?? 'GET',
      headers: requestHeaders(req, correlationId),
      body: body.stream,
    },
  });
}

interface Parcel {
  readonly body: RequestBody;
  readonly options: Dispatcher.DispatchOptions;
}

function send(carriage: Carriage, exchange: Exchange, parcel: Parcel, refusedBy?: string): void {
  const { res, correlationId } = exchange;
  const site = refusedBy === undefined ? exchange.site : carriage.siteNow(exchange.site);
  const place = takePlace(carriage, site, refusedBy);
  if ('code' in place) {
    answerError(res, place, correlationId);
    return;
  }
  const failed = (error: Error): void => {
    const { instance, releaseId } = place;
    const maySendAgain =
      isRefused(error) ||
      // A release that ends just after it took over costs no request that another can answer.
      (isBroken(error) && isSafe(exchange.req) && isElsewhere(carriage.siteNow(site), releaseId));
    if (res.headersSent) {
      // What the client has is incomplete, and only a broken connection says so.
      res.destroy();
    } else if (refusedBy === undefined && maySendAgain && !parcel.body.isTouched()) {
      send(carriage, exchange, parcel, instance.instanceId);
    } else {
      parcel.body.stream?.destroy();
      answerError(res, upstreamFailed(site.route, error), correlationId);
    }
  };
  const relay = new ResponseRelay({ res, correlationId, finished: place.leave, failed });
  carriage.upstreams.pool(place.instance).dispatch(parcel.options, relay);
}
