import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** Takes the messages that the event application has received, by their data. */
export interface Collector extends AsyncDisposable {
  readonly url: string;
  readonly received: ReadonlyMap<string, number>;
}

export async function openCollector(): Promise<Collector> {
  const received = new Map<string, number>();
  const server = createServer(async (request, response) => {
    const data = await text(request).catch(() => undefined);
    if (data !== undefined) received.set(data, (received.get(data) ?? 0) + 1);
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
