import { once } from 'node:events';
import { createServer, type RequestListener, request as send } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Certificate } from './self-signed-certificate.ts';

/** Stands between a client and Berth, as a proxy that speaks https may, and notes what is asked. */
export interface RecordingProxy extends AsyncDisposable {
  readonly url: string;
  /** `GET /connectors/drafts 200`, in the order of their answers; takes them out of the record. */
  take(): readonly string[];
}

export async function openRecordingProxy(
  target: string,
  tls?: Certificate,
): Promise<RecordingProxy> {
  let answered: string[] = [];
  const listener: RequestListener = (request, response) => {
    const { method, url = '/', headers } = request;
    const passedOn = send(new URL(url, target), { method, headers }, (answer) => {
      const status = answer.statusCode ?? 502;
      answered.push(`${method} ${url} ${status}`);
      response.writeHead(status, answer.headers);
      answer.pipe(response);
    });
    passedOn.on('error', (error) => response.destroy(error));
    response.on('close', () => passedOn.destroy());
    request.pipe(passedOn);
  };
  const server =
    tls === undefined
      ? createServer(listener)
      : createTlsServer({ key: tls.key, cert: tls.certificate }, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `${tls === undefined ? 'http://127.0.0.1' : 'https://localhost'}:${(server.address() as AddressInfo).port}`,
    take: () => {
      const taken = answered;
      answered = [];
      return taken;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
