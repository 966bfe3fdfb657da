import { once } from 'node:events';
import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Stands between a client and Berth and notes what is asked. */
export interface RecordingProxy extends AsyncDisposable {
  readonly url: string;
  /** `GET /connectors/drafts 200`, in the order of their answers; takes them out of the record. */
  take(): readonly string[];
}

export async function openRecordingProxy(target: string): Promise<RecordingProxy> {
  let answered: string[] = [];
  const server = createServer((request, response) => {
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
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
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
