import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream';
import { connectTo } from '../connections/connect-to.ts';
import { isRefused } from '../connections/http/failures.ts';
import type { FlatHeaders } from '../connections/http/flat-headers.ts';
import { answerError, timedOut, upstreamFailed } from './error-answer.ts';
import type { Carriage, Exchange } from './exchange.ts';
import { requestHeaders, responseHeaders } from './headers.ts';
import type { Site } from './match-route.ts';
import { originForm } from './origin-form.ts';
import { type Place, type Refusal, reach } from './reach.ts';

/** A client's connection that asks to become something else, a WebSocket above all. */
export interface UpgradeExchange extends Exchange {
  readonly socket: Duplex;
  /** What the client sent right behind its request. */
  readonly head: Buffer;
}

/** Asks an instance for the upgrade. Agreed, the two connections are joined; else its answer is passed on. */
export function forwardUpgrade(
  carriage: Carriage,
  exchange: UpgradeExchange,
  refusal?: Refusal,
): void {
  const { socket } = exchange;
  // A client that ends its side does not wait: of an HTTP connection Node would see to that.
  const gone = (): void => void socket.destroy();
  socket.once('end', gone);
  const take = (place: Place, site: Site): void => {
    socket.off('end', gone);
    ask(carriage, exchange, { place, site, mayAskAgain: refusal === undefined });
  };
  reach(carriage, exchange, take, { refusal, isAgain: refusal !== undefined });
}

interface Asked {
  readonly place: Place;
  readonly site: Site;
  readonly mayAskAgain: boolean;
}

function ask(carriage: Carriage, exchange: UpgradeExchange, asked: Asked): void {
  const { req, res, socket, correlationId } = exchange;
  const { place, site, mayAskAgain } = asked;
  const { instanceId: _, ...address } = place.instance;
  const upstream = request({
    ...address,
    createConnection: () => connectTo(address),
    method: req.method,
    path: originForm(req.url) ?? '/',
    headers: upgradeHeaders(req, correlationId),
  });
  const deadline = setTimeout(() => {
    answerError(res, timedOut(site.route, 'did not answer in time.'), correlationId);
    upstream.destroy();
  }, carriage.limits.answerMs);
  const left = (): void => void upstream.destroy();
  socket.once('close', left);

  upstream.once('upgrade', (answer, instanceSocket, head) => {
    clearTimeout(deadline);
    join(exchange, { answer, instanceSocket, head }, place);
  });
  upstream.once('response', (answer) => {
    clearTimeout(deadline);
    passOn(answer, res, correlationId);
    answer.once('close', place.leave);
  });
  // It is over with the first error, and any other must find a listener.
  upstream.on('error', () => undefined);
  upstream.once('error', (error) => {
    clearTimeout(deadline);
    socket.off('close', left);
    place.leave();
    if (mayAskAgain && isRefused(error)) {
      forwardUpgrade(carriage, exchange, { instanceId: place.instance.instanceId, error });
    } else if (res.headersSent) {
      if (!res.writableEnded) socket.destroy();
    } else {
      answerError(res, upstreamFailed(site.route, error), correlationId);
    }
  });
  upstream.end();
}

function upgradeHeaders(req: IncomingMessage, correlationId: string): FlatHeaders {
  const protocol = req.headers.upgrade ?? 'websocket';
  return [...requestHeaders(req, correlationId), 'Connection', 'Upgrade', 'Upgrade', protocol];
}

interface Agreed {
  readonly answer: IncomingMessage;
  readonly instanceSocket: Duplex;
  readonly head: Buffer;
}

function join(exchange: UpgradeExchange, agreed: Agreed, place: Place): void {
  const { req, res, socket, head, correlationId } = exchange;
  const { answer, instanceSocket } = agreed;
  res.statusCode = 101;
  res.detachSocket(req.socket);
  req.socket.setTimeout(0).setNoDelay(true).setKeepAlive(true, 30_000);
  socket.write(switchingProtocols(answer, correlationId), 'latin1');
  if (agreed.head.length > 0) socket.write(agreed.head);
  if (head.length > 0) instanceSocket.write(head);
  socket.pipe(instanceSocket);
  instanceSocket.pipe(socket);
  // Either side that goes takes the other with it, and what the application said last still arrives.
  instanceSocket.on('error', () => undefined);
  instanceSocket.once('close', () => {
    place.leave();
    socket.end(() => socket.destroy());
  });
  socket.once('close', () => instanceSocket.destroy());
}

function switchingProtocols(answer: IncomingMessage, correlationId: string): string {
  const protocol = answer.headers.upgrade ?? 'websocket';
  const headers = [
    ...responseHeaders(answer.rawHeaders, correlationId),
    ...['Connection', 'Upgrade', 'Upgrade', protocol],
  ];
  let text = 'HTTP/1.1 101 Switching Protocols\r\n';
  for (let at = 0; at < headers.length; at += 2) text += `${headers[at]}: ${headers[at + 1]}\r\n`;
  return `${text}\r\n`;
}

function passOn(answer: IncomingMessage, res: ServerResponse, correlationId: string): void {
  res.writeHead(answer.statusCode ?? 502, responseHeaders(answer.rawHeaders, correlationId));
  pipeline(answer, res, (error) => {
    if (error) res.destroy();
  });
}
